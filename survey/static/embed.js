/* Shows each <a data-afterword href="…/o/…"> as the page it leads to, in a frame.
   Without this script it stays a plain link. */
(function () {
  "use strict";
  var script = document.currentScript;
  var home = script && new URL(script.src).origin;
  function show(link) {
    var url;
    try { url = new URL(link.href); } catch (wrong) { return; }
    if (url.origin !== home || url.pathname.indexOf("/o/") !== 0) { return; }
    var frame = document.createElement("iframe");
    frame.src = url.href;
    frame.title = link.textContent.trim() || "A question";
    frame.loading = "lazy";
    frame.referrerPolicy = "strict-origin";
    frame.style.cssText = "border:0;width:100%;height:" + (parseInt(link.dataset.height, 10) || 560) + "px";
    link.replaceWith(frame);
  }
  function showAll() {
    Array.prototype.forEach.call(document.querySelectorAll("a[data-afterword]"), show);
  }
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", showAll);
  } else {
    showAll();
  }
})();
