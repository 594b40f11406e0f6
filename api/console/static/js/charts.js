// Draws the charts of a page from the options it carries; the table beside each needs no script.
(function () {
  "use strict";
  if (!window.echarts) return;
  var script = document.querySelector("script[data-themes]");
  var system = window.matchMedia("(prefers-color-scheme: dark)");
  var charts = [];

  function theme() {
    var chosen = document.documentElement.dataset.theme;
    return chosen || (system.matches ? "dark" : "light");
  }

  function dress(name) {
    charts.forEach(function (chart) { chart.setTheme(name); });
  }

  function draw(themes) {
    ["light", "dark"].forEach(function (name) { window.echarts.registerTheme(name, themes[name]); });
    document.querySelectorAll("[data-chart]").forEach(function (box) {
      var option = JSON.parse(document.getElementById(box.dataset.chart).textContent);
      box.hidden = false;
      var chart = window.echarts.init(box, theme(), { renderer: "svg" });
      chart.setOption(option);
      charts.push(chart);
    });
  }

  fetch(script.dataset.themes).then(function (answer) { return answer.json(); }).then(draw);
  window.addEventListener("resize", function () { charts.forEach(function (chart) { chart.resize(); }); });
  if (system.addEventListener) system.addEventListener("change", function () { dress(theme()); });
  // Paper is white, and shows the numbers beside each picture.
  window.addEventListener("beforeprint", function () {
    dress("light");
    document.querySelectorAll("details.twin").forEach(function (twin) { twin.open = true; });
  });
  window.addEventListener("afterprint", function () { dress(theme()); });
})();
