"use strict";
// The server renders what is shown, and escapes it. This keeps it up to date: it takes
// what comes, and changes only what differs, so that focus, selection and what is unfolded
// stay as they are.
(() => {
  const $ = (id) => document.getElementById(id);
  const main = $("main"), age = $("age"), pause = $("pause"), toast = $("toast"), ask = $("ask");
  const search = document.querySelector(".filter input[type=search]");
  let source, timer, seen = Date.now(), paused = false, state = "on", latest = null;

  // ---- what is shown

  function morph(old, fresh) {
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    }
    for (const { name, value } of [...fresh.attributes]) {
      if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    if (old.nodeName === "TIME") { show(old); return; }
    const keyed = new Map();
    for (const child of old.children) {
      if (child.dataset.key !== undefined) keyed.set(child.nodeName + child.dataset.key, child);
    }
    let at = old.firstChild;
    for (const child of [...fresh.childNodes]) {
      const key = child.dataset?.key;
      let match = key !== undefined ? keyed.get(child.nodeName + key) : undefined;
      if (match) keyed.delete(child.nodeName + key);
      else if (key === undefined && at && at.nodeName === child.nodeName && at.dataset?.key === undefined) match = at;
      if (!match) { old.insertBefore(child, at); continue; }
      if (match === at) at = at.nextSibling; else old.insertBefore(match, at);
      if (match.nodeType !== Node.ELEMENT_NODE) {
        if (match.nodeValue !== child.nodeValue) match.nodeValue = child.nodeValue;
      } else morph(match, child);
    }
    while (at) { const next = at.nextSibling; at.remove(); at = next; }
  }

  function take(html) {
    const fresh = new DOMParser().parseFromString("<main>" + html + "</main>", "text/html").querySelector("main");
    fresh.id = "main"; fresh.tabIndex = -1;
    const form = $("change");
    if (form && form.contains(document.activeElement)) fresh.querySelector("#change")?.replaceWith(form.cloneNode(true));
    morph(main, fresh);
    times();
    host();
  }

  function host() {
    const text = main.firstElementChild?.dataset.host ?? "";
    $("host").textContent = text;
    $("host").className = "pill " + ({ running: "good", starting: "busy", stopping: "warn", stopped: "bad" }[text] ?? "idle");
  }

  // ---- times, as how long ago

  function span(ms) {
    const s = Math.round(ms / 1000);
    if (s < 60) return s + " s";
    if (s < 3600) return Math.floor(s / 60) + " min " + (s < 600 ? (s % 60) + " s" : "");
    if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
    return Math.floor(s / 86400) + " d " + Math.floor(s % 86400 / 3600) + " h";
  }

  function show(time) {
    const then = new Date(time.dateTime), ago = Date.now() - then;
    const text = Math.abs(ago) < 1000 ? "now" : ago > 0 ? span(ago).trim() + " ago" : "in " + span(-ago).trim();
    if (time.textContent !== text) time.textContent = text;
    time.title = then.toLocaleString();
  }

  function times() { for (const time of document.querySelectorAll("time")) show(time); }

  // ---- live

  function tell() {
    const old = Math.round((Date.now() - seen) / 1000);
    age.className = paused ? "" : state === "off" ? "off" : old > 15 ? "off" : "on";
    age.textContent = paused ? "paused, " + old + " s old" : state === "off" ? "not live, " + old + " s old" : old > 15 ? "no answer for " + old + " s" : old < 7 ? "live" : old + " s old";
  }

  function arrived(html) {
    seen = Date.now(); state = "on";
    if (paused) latest = html; else take(html);
    tell();
  }

  async function fetchNow() {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.redirected || response.status === 401) { location.reload(); return; }
    const page = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main");
    if (page) arrived(page.innerHTML);
  }

  // While the host stops, and when streams are taken, what is shown is asked for.
  function poll() {
    source?.close(); source = null;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      try { await fetchNow(); } catch { state = "off"; tell(); }
      if (!source) poll();
    }, 2000);
  }

  function open() {
    source?.close();
    clearTimeout(timer);
    source = new EventSource(location.pathname + "/events" + location.search);
    source.addEventListener("snapshot", (e) => arrived(JSON.parse(e.data)));
    source.addEventListener("failure", (e) => { notify(e.data, true); });
    source.addEventListener("alive", () => { seen = Date.now(); state = "on"; tell(); });
    source.addEventListener("stopping", poll);
    source.onerror = () => { if (source?.readyState === EventSource.CLOSED) poll(); else { state = "off"; tell(); } };
  }

  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", paused);
    pause.textContent = paused ? "Go on" : "Pause";
    if (!paused && latest !== null) { take(latest); latest = null; }
    tell();
  });

  // ---- filter, in the address

  let typing;
  function filter() {
    const query = new URLSearchParams(new FormData(search.form));
    if (!search.value) query.delete("q");
    history.replaceState(null, "", location.pathname + (query.size ? "?" + query : ""));
    fetchNow().catch(() => { state = "off"; tell(); });
    open();
  }
  search.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(filter, 250); });
  search.form.addEventListener("submit", (e) => { e.preventDefault(); clearTimeout(typing); filter(); });

  // ---- actions

  let hide;
  function notify(text, failed) {
    toast.textContent = text;
    toast.className = failed ? "failed" : "";
    clearTimeout(hide);
    hide = setTimeout(() => { toast.textContent = ""; }, failed ? 12000 : 5000);
  }

  function sure(question) {
    if (!question) return Promise.resolve(true);
    $("question").textContent = question;
    ask.returnValue = "no";
    ask.showModal();
    return new Promise((done) => ask.addEventListener("close", () => done(ask.returnValue === "yes"), { once: true }));
  }

  main.addEventListener("submit", async (e) => {
    e.preventDefault();
    const button = e.submitter, form = e.target;
    const action = button?.getAttribute("formaction") ?? form.getAttribute("action");
    const body = new URLSearchParams(new FormData(form, button));
    if (!await sure(button?.dataset.ask)) return;
    if (button) button.disabled = true;
    try {
      const response = await fetch(action, { method: "POST", body, headers: { Accept: "application/json" } });
      const result = await response.json();
      if (response.ok) notify(result.action + " " + result.target + (result.new ? ": " + result.new : ""), false);
      else notify(result.error, true);
      await fetchNow();
    } catch {
      notify("the program does not answer", true);
    }
    if (button) button.disabled = false;
  });

  // ---- keys

  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && e.target === search) { search.value = ""; filter(); search.blur(); return; }
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.("input, select, textarea, dialog")) return;
    if (e.key === "/") { e.preventDefault(); search.focus(); search.select(); }
    else if (e.key === "p") pause.click();
    else document.querySelectorAll("header nav a")[Number(e.key) - 1]?.click();
  });

  document.querySelector("header nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  times(); host(); tell(); open();
  setInterval(() => { times(); tell(); }, 1000);
})();
