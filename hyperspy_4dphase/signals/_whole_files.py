"""Results are saved whole or not at all."""

import os
import shutil
import tempfile
from pathlib import Path

# Formats of HyperSpy's own, which keep results whole: a file, and a folder.
_OWN = {".hspy", ".zspy"}


class WholeFiles:
    """Signals whose files are complete before they take the place of others."""

    def save(self, filename=None, overwrite=None, *args, **kwargs):
        """Save the signal, as HyperSpy does, but never half of it.

        A ``.hspy`` or ``.zspy`` file is written under another name first. Where that
        fails, as on a full disk, a file that was there before stays as it was.

        Parameters
        ----------
        filename, overwrite, *args, **kwargs
            See :meth:`hyperspy.signal.BaseSignal.save`.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> import tempfile
        >>> import hyperspy.api as hs
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     domains.save(f"{folder}/domains.hspy")
        ...     loaded = hs.load(f"{folder}/domains.hspy")
        >>> loaded.n_domains
        3
        """
        target = self._find_target(filename, overwrite)
        names_format = args or {"extension", "file_format"} & kwargs.keys()
        if target is None or names_format:
            super().save(filename, overwrite, *args, **kwargs)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.stem}-"))
        try:
            super().save(folder / target.name, True, **kwargs)
            _put(folder / target.name, target, folder)
        except OSError as error:
            if error.errno is None:
                raise
            kept = " The file that was there is unchanged." if target.exists() else ""
            raise OSError(
                error.errno, f"{error.strerror}: nothing was saved.{kept}", str(target)
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        self.tmp_parameters.folder = target.parent

    def _find_target(self, filename, overwrite):
        """The file to be written, or None where that is left to HyperSpy."""
        # What is read from a file as it is saved needs that file where it is.
        if self._lazy or not isinstance(filename, str | os.PathLike):
            return None
        target = Path(filename).resolve()
        target = target if target.suffix else target.with_suffix(".hspy")
        # Where one is there, HyperSpy asks, or leaves it.
        may_write = overwrite is True or not target.exists()
        return target if target.suffix in _OWN and may_write else None


def _put(new, target, folder):
    """Let a file or folder take the place of another one."""
    if target.is_dir():
        # A folder that is not empty cannot be replaced in one step.
        os.replace(target, folder / "before")
        try:
            os.replace(new, target)
        except BaseException:
            os.replace(folder / "before", target)
            raise
    else:
        os.replace(new, target)
