// Fetches the parts of a draw and shows what ZH.verifyBundle computes from them, nothing else.
(function () {
  "use strict";
  var box = document.getElementById("verify");
  if (!box || !window.ZH || !window.ZH.verifyBundle) return;
  var words = JSON.parse(document.getElementById("verify-words").textContent);
  var button = document.getElementById("recompute");
  var verdict = document.getElementById("verdict");
  var noted = document.getElementById("noted");

  function fill(text, facts) {
    return text.replace(/\{(\w+)\}/g, function (_, key) { return facts[key]; });
  }

  function line(part) {
    var found = null;
    document.querySelectorAll("#checks li").forEach(function (each) {
      if (each.dataset.part === part) found = each;
    });
    if (!found) {
      found = document.createElement("li");
      found.dataset.part = part;
      for (var i = 0; i < 3; i += 1) found.appendChild(document.createElement(i < 2 ? "span" : "small"));
      found.children[1].textContent = part;
      document.getElementById("checks").appendChild(found);
    }
    return found;
  }

  function mark(item, state, sign, detail) {
    item.className = state;
    item.children[0].className = state;
    item.children[0].textContent = sign;
    item.children[2].textContent = detail;
  }

  function tell(state, strong, rest) {
    verdict.hidden = false;
    verdict.className = "note " + state;
    verdict.textContent = "";
    var head = document.createElement("strong");
    head.textContent = strong;
    verdict.appendChild(head);
    verdict.appendChild(document.createTextNode(rest || ""));
  }

  function show(results, ms) {
    var judged = {};
    results.forEach(function (each) { judged[each.part] = each; });
    document.querySelectorAll("#checks li").forEach(function (item) {
      if (!judged[item.dataset.part]) mark(item, "", "·", "");
    });
    var bad = 0;
    results.forEach(function (each) {
      if (!each.ok) bad += 1;
      mark(line(each.part), each.ok ? "ok" : "no", each.ok ? "✓" : "✕", each.ok ? words.agrees : each.detail);
    });
    var took = fill(words.took, { ms: Math.round(ms) });
    if (bad) tell("bad", fill(words.count, { bad: bad, all: results.length }), took);
    else tell("good", words.good, took);
    box.dataset.state = bad ? "differs" : "agrees";
  }

  function recompute() {
    button.disabled = true;
    tell("", words.working, "");
    fetch(box.dataset.parts, { headers: { Accept: "application/json" } })
      .then(function (answer) {
        if (!answer.ok) throw new Error(String(answer.status));
        return answer.json();
      })
      .then(function (bundle) {
        var begun = performance.now();
        return window.ZH.verifyBundleInSlices(
          { parts: bundle.parts },
          noted ? noted.value.trim() : "",
          function (part) {
            box.dataset.at = part;
            tell("", words.working, " " + part);
          }
        ).then(function (results) { show(results, performance.now() - begun); });
      })
      .catch(function (error) { tell("bad", words.unreachable, " " + error.message); })
      .then(function () { button.disabled = false; });
  }

  button.hidden = false;
  button.addEventListener("click", recompute);
  if (box.hasAttribute("data-auto")) recompute();
})();
