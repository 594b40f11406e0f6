// Draws the charts of a page from the options it carries; the table beside each needs no script.
(function () {
  "use strict";
  if (!window.echarts) return;
  var script = document.querySelector("script[data-themes]");
  var charts = [];

  function isDark() {
    var chosen = document.documentElement.dataset.theme;
    if (chosen) return chosen === "dark";
    return window.matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function draw(themes) {
    ["light", "dark"].forEach(function (name) { window.echarts.registerTheme(name, themes[name]); });
    document.querySelectorAll("[data-chart]").forEach(function (box) {
      var option = JSON.parse(document.getElementById(box.dataset.chart).textContent);
      box.hidden = false;
      var chart = window.echarts.init(box, isDark() ? "dark" : "light", { renderer: "svg" });
      chart.setOption(option);
      charts.push(chart);
    });
  }

  fetch(script.dataset.themes).then(function (answer) { return answer.json(); }).then(draw);
  window.addEventListener("resize", function () { charts.forEach(function (chart) { chart.resize(); }); });
})();
