"""How pages look, on a phone and on a desk: everything is in the page itself."""

CSS = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1rem 1rem 3rem; color: #1d1d1f;
  background: #fff; line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, Ubuntu, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0 .25rem;
  overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid #d0d0d5;
  padding-bottom: .2rem; }
p { margin: .4rem 0; overflow-wrap: anywhere; }
.lead { font-size: 1.05rem; }
.quiet { color: #555; }
ul { margin: .4rem 0; padding-left: 1.3rem; }
li { overflow-wrap: anywhere; margin: .15rem 0; }
.beware { border-left: .3rem solid #d55e00; background: #fdf1e8;
  padding: .5rem .9rem; margin: 1rem 0; }
.beware p { font-weight: 600; margin: 0; }
.maps { display: grid; gap: 1.2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
.patterns { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); }
figure { margin: 0; }
img { max-width: 100%; height: auto; display: block; }
.maps img { max-width: min(100%, 32rem); }
figcaption { font-size: .875rem; color: #444; margin-top: .3rem;
  overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; font-size: .9rem;
  font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; vertical-align: top;
  white-space: nowrap;
  border-bottom: 1px solid #e4e4e8; }
thead th { color: #444; font-weight: 600; }
.name { display: inline-block; width: max-content; max-width: 18rem;
  white-space: normal; overflow-wrap: anywhere; }
.keys { display: flex; flex-wrap: wrap; gap: 1rem; align-content: start; }
.keys figure { max-width: 11rem; }
tbody th { font-weight: 600; }
.chip { display: inline-block; width: .9em; height: .9em; margin-right: .45em;
  vertical-align: -.08em; border: 1px solid #0003; }
.bar { display: inline-block; height: .6em; margin-left: .5em; background: #9a9aa2; }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap;
  gap: .2rem 1.1rem; font-size: .875rem; }
details { margin: .5rem 0; }
summary { cursor: pointer; font-weight: 600; }
dl { margin: .3rem 0 .3rem .2rem; display: grid; gap: .1rem .9rem; font-size: .875rem;
  grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr); }
dt { color: #555; overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; }
  dd { margin: 0 0 .3rem .8rem; } }
@media print { details { display: block; } .wide { overflow: visible; } }
"""
