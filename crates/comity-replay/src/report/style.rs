//! The report's style sheet: quiet, after the U.S. Web Design System, readable on paper.

/// The style sheet.
pub const CSS: &str = r"
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#fff;color:#1b1b1b;font:16px/1.5 'Public Sans','Source Sans 3','Source Sans Pro','Helvetica Neue',Helvetica,Arial,sans-serif}
.skip{position:absolute;left:-999px}
.skip:focus{left:8px;top:8px;background:#fff;padding:8px;outline:4px solid #2491ff}
header.top{background:#162e51;color:#fff;padding:28px 0 24px}
.wrap{max-width:1000px;margin:0 auto;padding:0 24px}
header.top .kind{margin:0;color:#d9e8f6;font-size:14px}
h1{font:700 32px/1.2 Merriweather,Georgia,Cambria,'Times New Roman',serif;margin:4px 0 10px}
header.top p{margin:0;max-width:72ch}
h2{font:700 23px/1.25 Merriweather,Georgia,Cambria,'Times New Roman',serif;margin:44px 0 8px;padding-top:12px;border-top:1px solid #dfe1e2}
h3{font-size:17px;line-height:1.3;margin:24px 0 4px}
p,li{max-width:76ch}
a{color:#005ea2}
a:focus,summary:focus,.scroll:focus{outline:4px solid #2491ff;outline-offset:2px}
nav ul{list-style:none;padding:0;margin:18px 0 0;display:flex;flex-wrap:wrap;gap:4px 20px}
nav a{color:#005ea2}
.small{font-size:14px;color:#3d4551}
.facts{display:grid;grid-template-columns:repeat(4,1fr);gap:16px;margin:24px 0 0;padding:0;list-style:none}
.facts li{border-left:4px solid #73b3e7;padding:2px 0 2px 12px;font-size:14px;line-height:1.35;color:#3d4551}
.facts b{display:block;font-size:25px;line-height:1.2;color:#1b1b1b;font-variant-numeric:tabular-nums}
.note{background:#e7f6f8;border-left:8px solid #00bde3;padding:12px 16px;margin:20px 0;max-width:none}
.note p{margin:0 0 6px}.note p:last-child{margin:0}
figure{margin:16px 0 8px;overflow-x:auto}
td.facts-col{min-width:18em}
figcaption{font-size:14px;color:#3d4551;max-width:80ch;margin:2px 0 8px}
svg.chart{display:block;width:100%;height:auto}
svg.defs{position:absolute}
svg text{font-family:'Public Sans','Source Sans 3','Source Sans Pro','Helvetica Neue',Helvetica,Arial,sans-serif;fill:#1b1b1b}
svg .label{font-size:14px}svg .mono{font-family:'Roboto Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:12px}
svg .count{font-size:13px;fill:#3d4551;font-variant-numeric:tabular-nums}
svg .tick{font-size:12px;fill:#3d4551;font-variant-numeric:tabular-nums}svg .n{font-size:10.5px}
svg .in{font-size:12px;font-variant-numeric:tabular-nums}
svg .grid{stroke:#dfe1e2;stroke-width:1}
svg .must{fill:#1a4480;stroke:#0b1f3c;stroke-width:.8}
svg .may{fill:url(#p-may);stroke:#2e6276;stroke-width:.8}
svg .open{fill:url(#p-open);stroke:#71767a;stroke-width:.8}
svg .not{fill:url(#p-not);stroke:#6c2b12;stroke-width:.8}
svg .need{fill:#565c65}
svg .pill{fill:#fff;fill-opacity:.94}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 22px;margin:14px 0 0;padding:0;font-size:14px}
.legend svg{vertical-align:-1px;margin-right:4px}
.grid2{display:grid;grid-template-columns:1fr 1fr;gap:8px 32px}
.half{max-width:640px}
.cell h3{margin-top:20px}.cell p{margin:0 0 4px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;line-height:1.4;margin:8px 0 16px}
caption{text-align:left;font-weight:700;padding:6px 0}
th,td{border-bottom:1px solid #dfe1e2;padding:5px 10px 5px 0;text-align:left;vertical-align:top}
thead th{border-bottom:2px solid #565c65;vertical-align:bottom}
td.num,th.num{text-align:right;padding-left:10px;font-variant-numeric:tabular-nums}td.num{white-space:nowrap}
tbody th{font-weight:600;min-width:9em}tbody th.id,tbody th.num{min-width:0}.whole{white-space:nowrap}tbody th .small{font-weight:400}
table.pairs th{width:38%;min-width:15em}td.ids code{white-space:nowrap}
tr.all th,tr.all td{border-top:2px solid #a9aeb1;font-weight:700}
code{font:13px/1.4 'Roboto Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}
pre{background:#f0f0f0;padding:12px 16px;overflow-x:auto;font:13px/1.5 'Roboto Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace}
.hash{font-size:12px}
details{margin:4px 0 16px}summary{cursor:pointer;color:#005ea2;font-size:14px}
footer{margin:48px 0 0;background:#f0f0f0;padding:20px 0;font-size:14px}
@media (max-width:760px){svg.chart{min-width:620px}.grid2 svg.chart{min-width:0}.grid2,.facts{grid-template-columns:1fr}h1{font-size:26px}}
@media print{header.top{background:#fff;color:#1b1b1b;padding:0;border-bottom:2px solid #1b1b1b}header.top .kind{color:#3d4551}nav,.skip{display:none}body{font-size:11pt}details>*{display:block}h2,h3{break-after:avoid}figure,tr,.cell{break-inside:avoid}.wrap{max-width:none;padding:0}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
";
