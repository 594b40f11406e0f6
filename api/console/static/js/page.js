// Small comforts of every page; all of them work without this file too.
(function () {
  "use strict";
  // "/" jumps to the search box, as the hint beside it says.
  document.addEventListener("keydown", function (event) {
    var at = event.target;
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || at.isContentEditable) return;
    var box = document.querySelector("[data-search-key]");
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  });
  // What is wrong comes into view first.
  function focusProblem(root) {
    var problem = root.querySelector("[data-focus]");
    if (problem) problem.focus();
  }
  // Requests of htmx carry the token that forms carry in a field.
  document.addEventListener("htmx:configRequest", function (event) {
    var token = document.querySelector("meta[name=csrf-token]");
    if (token) event.detail.headers["X-CSRF-Token"] = token.content;
  });
  document.addEventListener("htmx:afterSwap", function (event) { focusProblem(event.target); });
  // A filter is applied when it is chosen.
  document.addEventListener("change", function (event) {
    var form = event.target.closest("form[data-live]");
    if (form && event.target.tagName === "SELECT") form.requestSubmit ? form.requestSubmit() : form.submit();
  });
  // A question before what cannot be taken back.
  document.addEventListener("submit", function (event) {
    var words = event.target.getAttribute("data-confirm");
    if (words && !window.confirm(words)) event.preventDefault();
  });
  // Tables beside charts are printed, open or not.
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details.twin:not([open])").forEach(function (twin) {
      twin.open = true;
      twin.dataset.wasClosed = "";
    });
  });
  window.addEventListener("afterprint", function () {
    document.querySelectorAll("details.twin[data-was-closed]").forEach(function (twin) {
      twin.open = false;
      delete twin.dataset.wasClosed;
    });
  });
  focusProblem(document);
})();
