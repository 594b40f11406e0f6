// Keeps a sampling record while it is typed: on this device at once, on the server when it answers.
// What somebody else changed meanwhile is merged field by field; where both changed the same
// field, the sampler decides. Nothing typed is ever overwritten without being shown.
(function () {
  "use strict";
  var form = document.getElementById("draft");
  var facts = JSON.parse(document.getElementById("draft-facts").textContent);
  var state = document.getElementById("draft-state");
  var conflict = document.getElementById("draft-conflict");
  var key = "zhiheng-record:" + facts.account + ":" + facts.no;
  var words = facts.words;
  var base = facts.values;      // as the server last told it
  var version = facts.version;
  var clashes = {};             // field → theirs, until the sampler decides
  var unread = {};              // field → typed text the server could not read
  var timer = null, wait = 0, busy = false, again = false;

  function inputs() {
    return Array.prototype.filter.call(form.elements, function (one) {
      return one.name && one.name !== "version" && one.name !== "csrf_token" && one.type !== "submit";
    });
  }
  function typed() {
    var values = {};
    inputs().forEach(function (one) { values[one.name] = one.value.trim(); });
    return values;
  }
  // The kind of an empty sample row is preset; it is not something that was typed.
  function was(values, name) {
    var found = values[name];
    if (found !== undefined) return found;
    var field = form.elements[name];
    return /\.kind$/.test(name) && field ? (field.querySelector("[selected]") || field.options[0]).value : "";
  }
  function changed(values) {
    return Object.keys(values).filter(function (name) { return values[name] !== was(base, name); });
  }
  function put(name, value) {
    var field = form.elements[name];
    if (field && field.value.trim() !== value) field.value = value;
  }
  function show(code, more) {
    state.hidden = false;
    state.setAttribute("data-state", code);
    state.textContent = words[code] || words.device;
    var small = document.createElement("small");
    small.textContent = more || new Date().toTimeString().slice(0, 5);
    state.appendChild(small);
  }

  // ---- the device -----------------------------------------------------------------------
  function keep() {
    var mine = typed();
    try {
      if (changed(mine).length) {
        localStorage.setItem(key, JSON.stringify({ version: version, base: base, mine: mine }));
      } else {
        localStorage.removeItem(key);
      }
      return true;
    } catch (error) {
      show("full");
      return false;
    }
  }
  function restore() {
    var kept = null;
    try { kept = JSON.parse(localStorage.getItem(key) || "null"); } catch (error) { kept = null; }
    if (!kept || !kept.mine || !kept.base) return;
    // The page shows what the server has now; what was typed here goes on top of it.
    merge(kept.base, kept.mine, base);
    show("device", words.restored);
    save();
  }

  // ---- both sides -----------------------------------------------------------------------
  function merge(before, mine, theirs) {
    Object.keys(mine).forEach(function (name) {
      var old = was(before, name), now = was(theirs, name);
      if (mine[name] === now) return;
      if (mine[name] === old) { put(name, now); return; }
      put(name, mine[name]);
      if (now !== old) clashes[name] = now;
    });
    base = theirs;
    draw();
  }
  function draw() {
    var names = Object.keys(clashes);
    conflict.hidden = !names.length;
    conflict.textContent = "";
    if (!names.length) return;
    var head = document.createElement("h2");
    head.textContent = words.conflict;
    conflict.appendChild(head);
    names.forEach(function (name) {
      var box = document.createElement("div"), title = document.createElement("b");
      box.className = "clash";
      var field = form.elements[name];
      var label = field && field.id ? form.querySelector('label[for="' + field.id + '"]') : null;
      title.textContent = label ? label.textContent : name;
      box.appendChild(title);
      [["mine", field.value], ["theirs", clashes[name]]].forEach(function (side) {
        var row = document.createElement("div"), quote = document.createElement("q");
        var button = document.createElement("button");
        quote.textContent = side[1];
        button.type = "button";
        button.className = "button";
        button.textContent = words[side[0]];
        button.setAttribute("data-take", side[0]);
        button.addEventListener("click", function () {
          if (side[0] === "theirs") put(name, clashes[name]);
          delete clashes[name];
          draw();
          keep();
          if (!Object.keys(clashes).length) save();
        });
        row.className = "row";
        row.appendChild(quote);
        row.appendChild(button);
        box.appendChild(row);
      });
      conflict.appendChild(box);
    });
    show("conflict");
  }
  function mark(faults) {
    unread = {};
    inputs().forEach(function (one) { one.removeAttribute("aria-invalid"); });
    Array.prototype.forEach.call(form.querySelectorAll("[data-fault]"), function (one) { one.remove(); });
    faults.forEach(function (fault) {
      var field = form.elements[fault.field];
      unread[fault.field] = true;
      if (!field || !field.parentNode) return;
      var told = document.createElement("span");
      told.className = "problem";
      told.setAttribute("data-fault", "");
      told.textContent = fault.words;
      field.setAttribute("aria-invalid", "true");
      field.parentNode.appendChild(told);
    });
  }

  // ---- the server -----------------------------------------------------------------------
  function later() {
    clearTimeout(timer);
    wait = Math.min(wait ? wait * 2 : 3000, 60000);
    timer = setTimeout(save, wait);
  }
  function soon() {
    clearTimeout(timer);
    timer = setTimeout(save, 900);
  }
  function save() {
    clearTimeout(timer);
    if (Object.keys(clashes).length) { show("conflict"); return; }
    if (busy) { again = true; return; }
    var sent = typed();
    if (!changed(sent).length) { if (keep()) show("server"); return; }
    busy = true;
    again = false;
    var token = document.querySelector("meta[name=csrf-token]");
    fetch(facts.save, {
      method: "PUT",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": token ? token.content : "" },
      body: JSON.stringify({ version: version, values: sent })
    }).then(function (answer) {
      busy = false;
      if (answer.status === 200) return answer.json().then(function (told) { saved(told, sent); });
      if (answer.status === 412) return answer.json().then(theirs);
      if (answer.status === 401 || answer.status === 403) { show("signed_out"); return null; }
      if (answer.status === 409) { show("final"); return null; }
      show("device");
      later();
      return null;
    }).catch(function () {
      busy = false;
      show("device");
      later();
    });
  }
  function setVersion(number) {
    version = number;
    form.elements.version.value = number;
    Array.prototype.forEach.call(document.querySelectorAll("[data-version]"), function (one) { one.value = number; });
  }
  function saved(told, sent) {
    wait = 0;
    setVersion(told.version);
    var now = typed();
    base = told.values;
    mark(told.refused);
    // The server writes amounts and blanks in its own way: take it where nothing was typed since.
    Object.keys(sent).forEach(function (name) {
      if (now[name] === sent[name] && !unread[name] && base[name] !== undefined && !/^samples\./.test(name)) put(name, base[name]);
    });
    var open = changed(typed()).filter(function (name) { return !unread[name] && !samplesUnread(name); });
    keep();
    if (open.length || again) { show("saving"); soon(); return; }
    show(told.refused.length ? "refused" : "server");
  }
  function samplesUnread(name) {
    // Rows of samples are kept all together, so one that cannot be read keeps the others waiting.
    return /^samples\./.test(name) && Object.keys(unread).some(function (one) { return /^samples/.test(one); });
  }
  function theirs(told) {
    if (told.state !== "draft") { show("final"); return; }
    setVersion(told.version);
    merge(base, typed(), told.values);
    keep();
    if (!Object.keys(clashes).length) save();
  }

  form.addEventListener("input", function () {
    if (keep() && state.getAttribute("data-state") !== "conflict") show(navigator.onLine ? "saving" : "device");
    soon();
  });
  form.addEventListener("change", soon);
  form.addEventListener("submit", function () { keep(); });
  window.addEventListener("online", function () { wait = 0; save(); });
  window.addEventListener("offline", function () { if (changed(typed()).length) show("device"); });
  document.addEventListener("visibilitychange", function () { if (!document.hidden) save(); });
  // Another sampler of this device: drafts and pages of others do not stay.
  if ("serviceWorker" in navigator) {
    navigator.serviceWorker.register("/field/worker.js", { scope: "/field/" }).then(function () {
      return navigator.serviceWorker.ready;
    }).then(function (found) {
      var files = Array.prototype.map.call(document.querySelectorAll("link[rel=stylesheet], script[src]"), function (one) { return one.href || one.src; });
      found.active.postMessage({ account: String(facts.account), page: location.pathname, files: files });
    }).catch(function () { return null; });
  }
  show("server", "");
  restore();
})();
