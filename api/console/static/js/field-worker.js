// Shows an opened draft again where there is no line. What is typed is not here: see field.js.
"use strict";
var STORE = "zhiheng-field";
var WHO = "/field/account";

self.addEventListener("install", function () { self.skipWaiting(); });
self.addEventListener("activate", function (event) { event.waitUntil(self.clients.claim()); });

// A page tells whose it is and what it needs; pages of another account are thrown away first.
self.addEventListener("message", function (event) {
  var told = event.data || {};
  if (!told.account || !told.page) return;
  event.waitUntil(caches.open(STORE).then(function (store) {
    return store.match(WHO).then(function (before) {
      return before ? before.text() : "";
    }).then(function (before) {
      return before && before !== told.account ? caches.delete(STORE).then(function () { return caches.open(STORE); }) : store;
    });
  }).then(function (store) {
    return store.put(WHO, new Response(told.account)).then(function () {
      return Promise.all([told.page].concat(told.files || []).map(function (address) {
        return fetch(address, { credentials: "same-origin" }).then(function (answer) {
          return answer.ok ? store.put(address, answer) : null;
        }).catch(function () { return null; });
      }));
    });
  }));
});

self.addEventListener("fetch", function (event) {
  var request = event.request;
  if (request.method !== "GET") return;
  var path = new URL(request.url).pathname;
  var isPage = request.mode === "navigate" && path.indexOf("/field/records/") === 0;
  event.respondWith(fetch(request).then(function (answer) {
    if (isPage) {
      var copy = answer.clone();
      event.waitUntil(caches.open(STORE).then(function (store) {
        // Signed, given up, or no longer mine: it does not stay on the device.
        return answer.ok && !answer.redirected ? store.put(path, copy) : store.delete(path);
      }));
    }
    return answer;
  }).catch(function (error) {
    return caches.open(STORE).then(function (store) {
      return store.match(isPage ? path : request);
    }).then(function (kept) {
      if (kept) return kept;
      throw error;
    });
  }));
});
