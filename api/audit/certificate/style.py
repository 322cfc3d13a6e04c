"""The look of a certificate: a quiet page on the screen, A4 in print, and readable without any colour."""

from __future__ import annotations

from api.audit.certificate.markup import Markup, css_text

_STYLE = """
:root{--ink:#16191d;--soft:#4c545e;--line:#c9ced5;--tint:#f2f4f6;--good:#1d6b3a;--fair:#8a5a00;--bad:#a01c1c}
*{box-sizing:border-box}
html{color:var(--ink);background:#fff;-webkit-text-size-adjust:100%}
body{max-width:62rem;margin:2rem auto;padding:0 1.5rem;
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif;
overflow-wrap:break-word}
:lang(zh-Hans) body{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"PingFang SC","Microsoft YaHei",
"Noto Sans CJK SC","Noto Sans SC","Source Han Sans SC",sans-serif}
:lang(zh-Hant) body{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"PingFang TC","Microsoft JhengHei",
"Noto Sans CJK TC","Noto Sans TC","Source Han Sans TC",sans-serif}
code,pre{font-family:ui-monospace,"Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono","Noto Sans Mono","PingFang SC",
"Microsoft YaHei","Noto Sans CJK SC",monospace;font-size:.88em}
:lang(zh-Hant) code,:lang(zh-Hant) pre{font-family:ui-monospace,"Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",
"Noto Sans Mono","PingFang TC","Microsoft JhengHei","Noto Sans CJK TC",monospace}
header{display:flex;justify-content:space-between;align-items:baseline;gap:1.5rem;border-bottom:2px solid var(--ink);
padding-bottom:.4rem}
h1{font-size:1.15rem;margin:0;font-weight:600;white-space:nowrap}
header code{font-size:.85rem;color:var(--soft);text-align:right}
h2{font-size:1.1rem;margin:2rem 0 .5rem;padding-bottom:.15rem;border-bottom:1px solid var(--ink);break-after:avoid}
h3{font-size:.95rem;margin:1.3rem 0 .3rem;break-after:avoid}
p{margin:.4rem 0}
.headline{font-size:2.1rem;line-height:1.2;font-weight:700;margin:1.1rem 0 .8rem;padding-left:.8rem;
border-left:.45rem solid var(--soft)}
.headline small{font-size:.45em;font-weight:400;color:var(--soft)}
.good{border-color:var(--good);color:var(--good)}
.fair{border-color:var(--fair);color:var(--fair)}
.bad{border-color:var(--bad);color:var(--bad)}
dl{margin:0}
dt{color:var(--soft);font-size:.8rem;line-height:1.3}
dd{margin:0}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.55rem 1.2rem;margin:.6rem 0}
.figures dd{font-size:1.15rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.3}
.figures .wide{grid-column:span 2}
.figures .wide dd{font-size:.95rem}
.figures code{font-size:.8em;font-weight:400}
.currency{font-size:.75em;font-weight:400;color:var(--soft)}
.left-out,.fine,.about{color:var(--soft);font-size:.82rem}
.context{display:grid;grid-template-columns:1fr 1fr;gap:.45rem 1.5rem;margin:.9rem 0;padding:.7rem .9rem;
background:var(--tint);border:1px solid var(--line)}
.remark{border:2px solid var(--ink);padding:.4rem .7rem;margin:.7rem 0;font-size:.92rem}
table{border-collapse:collapse;width:100%;font-size:.85rem;line-height:1.4;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:.28rem .5rem .28rem 0;border-bottom:1px solid var(--line);
font-weight:400}
thead th{font-size:.9em;color:var(--soft);border-bottom:1px solid var(--ink);vertical-align:bottom}
.num{text-align:right}
.sub .num{padding-right:1rem}
.num,.short{white-space:nowrap}
.sub thead th{white-space:normal}
.reasons,.facts,.trace,.yaml{table-layout:fixed;overflow-wrap:anywhere}
dl div,dd{min-width:0;overflow-wrap:anywhere}
.reasons>thead th:first-child{width:2rem}
.reasons>thead th:nth-child(2){width:9.5rem}
.reasons .code{font-weight:600}
.reasons .text{font-weight:600}
.reasons div{margin-top:.1rem}
.label,.note,.part,.meaning{color:var(--soft)}
.label,.note,.part,.read,.missing{font-size:.92em}
.badge{border:1px solid var(--ink);border-radius:.2rem;padding:0 .3rem;font-size:.75rem;white-space:nowrap}
.missing{font-weight:600}
.pair{margin-right:.7em}
.pair b{font-weight:600}
.erased{border:1px dashed var(--ink);padding:0 .3em;font-style:italic}
.null{color:var(--soft)}
blockquote{margin:.6rem 0;padding:.5rem .9rem;border:1px solid var(--line);border-left:.25rem solid var(--soft);
font-size:.88rem}
.letter-head{color:var(--soft)}
.facts>thead th:first-child{width:42%}
.facts>thead th:nth-child(2){width:32%}
.facts .first>*{border-top:1px solid var(--soft)}
.facts .has-sub>*{border-bottom:0}
.holds-sub>td{padding:0 0 .5rem 1rem}
.sub{font-size:.8rem;table-layout:auto;overflow-wrap:break-word}
.sub td{padding-right:.6rem}
.sub.wide{font-size:.72rem}
.sub.huge{font-size:.68rem;overflow-wrap:anywhere}
.sub.huge td{white-space:normal}
.legend span{margin-right:.9em}
.legend{font-size:.85rem}
.mark{display:inline-block;width:1.1em;text-align:center;font-weight:700;margin:0!important}
.trace>thead th:first-child{width:6.6rem;padding-left:.4rem}
.trace>thead th:nth-child(2){width:37%}
.trace>thead th:last-child{width:2.8rem}
.trace .line,.trace>thead th:last-child{text-align:right;padding-right:.2rem}
.status{white-space:nowrap}
.trace .value{font-weight:600;margin-right:.7em}
.trace b{font-weight:600}
.trace .d1{padding-left:1rem}.trace .d2{padding-left:2rem}.trace .d3{padding-left:3rem}
.trace .d4{padding-left:4rem}.trace .d5{padding-left:5rem}.trace .d6{padding-left:6rem}
.fired>*{background:var(--tint)}
.fired .status{font-weight:700;box-shadow:inset .22rem 0 var(--ink);padding-left:.4rem}
.trace td.status{padding-left:.4rem}
.not_fired,.skipped,.not_fired b,.skipped b{color:var(--soft);font-weight:400}
.unknown .status{font-weight:700}
a{color:inherit;text-decoration:underline;text-decoration-color:var(--line);text-underline-offset:.15em}
.yaml{table-layout:fixed;line-height:1.45;font-size:.82rem}
.yaml th{width:3.6rem;text-align:right;padding:0 .7rem 0 0;color:var(--soft);border:0;
font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.yaml td{border:0;padding:0}
.yaml code{white-space:pre-wrap}
.yaml .hit>*{background:var(--tint)}
.yaml .hit th{color:var(--ink);font-weight:700}
tr:target>*{outline:1px solid var(--fair)}
.proof dt{margin-top:.5rem}
.proof ol{margin:0;padding-left:1.6rem}
pre{white-space:pre-wrap;margin:0;padding:.5rem .7rem;background:var(--tint);border:1px solid var(--line)}
@media (max-width:40rem){.context{grid-template-columns:1fr}header{display:block}}
@page{size:A4;margin:16mm 15mm 18mm 18mm;
@bottom-left{content:FOOTER;font:7.5pt system-ui,"Noto Sans CJK SC",sans-serif;color:#4c545e}
@bottom-right{content:counter(page) " / " counter(pages);font:7.5pt system-ui,sans-serif;color:#4c545e}}
@media print{
html{font-size:10.5pt}
body{margin:0;padding:0;max-width:none;font-size:9.5pt;line-height:1.4}
.headline{font-size:21pt;margin:.8rem 0 .5rem}
.headline,.context,.fired>*,.yaml .hit>*,pre{-webkit-print-color-adjust:exact;print-color-adjust:exact}
table{font-size:8pt}
.sub{font-size:7.2pt}.sub.wide,.sub.huge{font-size:6.3pt}
.sub.wide td,.sub.wide th,.sub.huge td,.sub.huge th{padding-right:.35rem}
.facts{font-size:7.2pt}.facts th,.facts td{padding-top:.12rem;padding-bottom:.12rem}
.reasons{font-size:7.8pt}.trace{font-size:7.2pt}
.trace th,.trace td{padding-top:.12rem;padding-bottom:.12rem;line-height:1.3}
.yaml{font-size:6.4pt;line-height:1.35}
dt,.left-out,.fine,.about{font-size:7.8pt}
.figures dd{font-size:11.5pt}.figures .wide dd{font-size:9.5pt}
.context{gap:.25rem 1.2rem;padding:.45rem .7rem;margin:.6rem 0}
blockquote{font-size:8.4pt}
h2{margin-top:1.3rem}
tr,.tile,.remark,.context,.figures,.proof div{break-inside:avoid}
tr.holds-sub,.sub tr{break-inside:auto}
.sub tr{break-inside:avoid}
.has-sub,.about,.legend{break-after:avoid}
thead{display:table-header-group}
a{text-decoration:none}
p,blockquote{orphans:3;widows:3}
}
"""


def style(footer: str) -> Markup:
    """The style sheet, with the text at the foot of each printed page."""
    return Markup(f"<style>{_STYLE.replace('FOOTER', css_text(footer))}</style>")
