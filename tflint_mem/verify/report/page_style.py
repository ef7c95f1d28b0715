"""How the page of a verification looks: colors for light and dark, and for paper.

A row that ends with a backslash goes on in the next one.
"""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --paper: #ffffff; --card: #f7f8fa; --rule: #dfe3e8;
  --flagged: #c2410c; --fixed: #0f766e; --device: #7c6f9b; --mark: #fff3d6; --add: #e3f5ec; --del: #fde8e4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa5b5; --paper: #14181f; --card: #1c222c; \
--rule: #2f3845;
  --flagged: #fb923c; --fixed: #2dd4bf; --device: #b7a9dd; --mark: #4a3d16; --add: #12382d; --del: #47231c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", \
Roboto, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 0; }
h3 { font-size: .85rem; margin: 1.25rem 0 .4rem; color: var(--soft); text-transform: uppercase; letter-spacing: \
.05em; }
p { margin: .4rem 0; } .soft { color: var(--soft); } a { color: inherit; }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { background: var(--paper); border: 1px solid var(--rule); border-radius: 6px; padding: .6rem 0; overflow-x: \
auto; margin: 0; }
pre span { display: block; padding: 0 .8rem; min-height: 1.5em; white-space: pre; } pre i { color: var(--soft); \
font-style: normal; user-select: none; }
.hit { background: var(--mark); } .add { background: var(--add); } .del { background: var(--del); }
.counts { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1.25rem 0; padding: 0; list-style: none; }
.counts li { border: 1px solid var(--rule); border-radius: 8px; padding: .5rem .9rem; background: var(--card); } \
.counts b { font-size: 1.3rem; margin-right: .35rem; }
article { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 1.1rem 1.25rem; \
margin: 1.25rem 0; }
header.place { display: flex; flex-wrap: wrap; gap: .5rem; align-items: baseline; justify-content: space-between; }
.badge { border-radius: 99px; padding: .1rem .7rem; font-size: .85rem; font-weight: 600; border: 1px solid \
currentColor; white-space: nowrap; }
.confirmed { color: var(--flagged); } .not-confirmed { color: var(--fixed); }
.bounded, .measured-pattern, .not-runnable { color: \
var(--soft); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; } th, td { text-align: right; \
padding: .3rem .6rem; border-bottom: 1px solid var(--rule); }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; color: var(--soft); font-size: .85rem; }
table.facts td { text-align: left; } table.facts td:first-child { color: var(--soft); width: 11rem; }
.chart { width: 100%; height: auto; display: block; } .chart .grid { stroke: var(--rule); } .chart .mark { stroke: \
var(--soft); stroke-dasharray: 3 4; }
.chart text { fill: var(--soft); font: 11px system-ui, sans-serif; } .chart .line { fill: none; stroke-width: 2; \
stroke-linejoin: round; }
.line.flagged { stroke: var(--flagged); } .line.fixed { stroke: var(--fixed); } .line.device { stroke: var(--device); \
stroke-width: 1.2; stroke-dasharray: 5 3; }
.bar.flagged { fill: var(--flagged); } .bar.fixed { fill: var(--fixed); }
.legend { display: flex; flex-wrap: wrap; gap: 1.1rem; font-size: .85rem; color: var(--soft); margin-bottom: .3rem; } \
.legend span::before { content: ""; display: inline-block;
  width: 1.3rem; border-top: 3px solid var(--line); margin-right: .4rem; vertical-align: .25em; }
.wide { overflow-x: auto; } .decided td { font-weight: 600; } .place code, li, article p { overflow-wrap: anywhere; }
@media (max-width: 34rem) { main { padding: 1rem .6rem 2rem; } article { padding: .8rem .7rem; } th, td { padding: \
.25rem .3rem; font-size: .85rem; }
  table.facts td { display: block; width: auto; overflow-wrap: anywhere; } table.facts td:first-child { \
border-bottom: 0; padding-bottom: 0; width: auto; } }
details { margin-top: .8rem; } summary { cursor: pointer; color: var(--soft); }
@media print { :root { --ink: #000; --paper: #fff; --card: #fff; --soft: #444; --rule: #bbb; } main { max-width: \
none; padding: 0; } article { break-inside: auto; } header.place, h3, .chart, table { break-inside: avoid; } h3 { \
break-after: avoid; }
  pre { overflow: visible; } pre span { white-space: pre-wrap; } details:not([open]) { display: none; } }
"""
