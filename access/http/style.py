"""The status page's one style sheet, inline: nothing is fetched. Its hash stands in the Content-Security-Policy."""

import base64
from hashlib import sha256
from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d5dae0;--paper:#fff;--ground:#f4f5f7;
--bad:#b3261e;--bad-ground:#fdecea;--good:#1a6e3a;--good-ground:#e8f5ec}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a3abb5;--line:#3a4048;--paper:#1d2126;--ground:#14171a;
--bad:#ff9d94;--bad-ground:#3b1c1a;--good:#8ed6a5;--good-ground:#16301f}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.45 system-ui,sans-serif}
main{max-width:72rem;margin:0 auto;padding:1rem}
header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline;justify-content:space-between}
h1{font-size:1.5rem;margin:.25rem 0}
h2{font-size:1.1rem;margin:1.75rem 0 .5rem}
p{margin:.25rem 0}
a{color:inherit}
.soft{color:var(--soft);font-size:.9rem}
.good,.bad{border-radius:.5rem;padding:.75rem 1rem;margin:1rem 0;border-left:.4rem solid}
.good{background:var(--good-ground);border-color:var(--good)}
.bad{background:var(--bad-ground);border-color:var(--bad)}
.bad h2{margin:0 0 .25rem;color:var(--bad)}
.bad ul{margin:0;padding-left:1.1rem}
.bad li{margin:.2rem 0}
table{width:100%;border-collapse:collapse;background:var(--paper);border-radius:.5rem;overflow:hidden}
th,td{text-align:left;padding:.5rem .75rem;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0;color:var(--soft);font-size:.85rem;font-weight:600}
tbody th{font-weight:600;overflow-wrap:anywhere}
td.number{font-variant-numeric:tabular-nums;white-space:nowrap}
small{display:block;color:var(--soft);font-weight:400}
.ok::before{content:"\\25CF\\A0";color:var(--good)}
.wrong{color:var(--bad);font-weight:600}
.wrong::before{content:"\\25B2\\A0"}
footer{margin:2rem 0 1rem}
@media(max-width:44rem){
table,tbody,tr,th,td{display:block}
thead{position:absolute;left:-9999px}
tbody tr{padding:.5rem .75rem;border-top:1px solid var(--line)}
tbody tr:first-child{border-top:0}
th,td{border:0;padding:.1rem 0}
td{display:flex;justify-content:space-between;gap:1rem;text-align:right}
td::before{content:attr(data-label);color:var(--soft);text-align:left;flex:none}
td.number{white-space:normal}
}
"""

STYLE_HASH: Final = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
"""SHA-256 of the style element's content, as Content-Security-Policy names it (CSP level 2, section 4.2.5)."""
