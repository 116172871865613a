/* The desk's own behaviour. Every page works without it; no eval, no inline handlers (strict CSP).
 *
 *  tr[data-href]                 a click opens; arrow keys move, Enter opens
 *  form[data-tidy]               empty fields stay out of the address
 *  form[data-once]               a second click does not send twice
 *  [data-bulk]                   choose rows: [data-bulk-item], [data-bulk-all], [data-bulk-count], [data-bulk-sum], [data-bulk-action]
 *  [data-chart="ID"]             draws the JSON of <script id="ID" type="application/json"> with ECharts (SVG)
 *  input[type=file][data-limit]  says so before a file that is too large is sent
 *  [data-print]                  prints the page
 */
(() => {
  "use strict";

  const INTERACTIVE = "a, button, input, select, textarea, label, summary, dialog";
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // -- tables: click and arrow keys

  const open = (row, event) => {
    if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
    else window.location.assign(row.dataset.href);
  };

  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest(INTERACTIVE) || String(window.getSelection()).length) return;
    open(row, event);
  });

  document.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target !== row) return;
    const rows = all("tr[data-href]", row.closest("tbody"));
    const at = rows.indexOf(row);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const next = rows[Math.max(0, Math.min(rows.length - 1, to))];
      row.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else if (event.key === "Enter") {
      open(row, event);
    } else if (event.key === " ") {
      const box = row.querySelector("[data-bulk-item]");
      if (box && !box.disabled) {
        event.preventDefault();
        box.click();
      }
    }
  });

  const rovingRows = (root) => {
    for (const body of all("tbody", root)) {
      all("tr[data-href]", body).forEach((row, index) => { row.tabIndex = index ? -1 : 0; });
    }
  };

  // -- forms

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("form[data-tidy]")) {
      for (const field of all("input, select", form)) if (!field.value) field.disabled = true;
      window.setTimeout(() => all("input, select", form).forEach((field) => { field.disabled = false; }), 500);
    }
    if (form.matches("form[data-once]")) {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "1";
      for (const button of all("button[type=submit]", form)) {
        button.setAttribute("aria-disabled", "true");
        if (button === event.submitter && button.dataset.busy) button.textContent = button.dataset.busy;
      }
    }
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  const megabytes = (bytes) => (bytes / 1048576).toFixed(1).replace(/\.0$/, "") + " MB";
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!field.matches("input[type=file][data-limit]")) return;
    const limit = Number(field.dataset.limit);
    const large = Array.from(field.files).filter((file) => file.size > limit);
    field.setCustomValidity(
      large.length ? `${large.map((f) => `${f.name}（${megabytes(f.size)}）`).join("、")} 超过 ${megabytes(limit)}，未上传。请用 import_data 命令导入，或拆分后上传。` : "",
    );
    field.reportValidity();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
    const word = event.target.closest("[data-fill]");
    const field = word && document.getElementById(word.dataset.fill);
    if (field) {
      field.value = word.dataset.words;
      field.focus();
    }
  });

  // -- choosing rows

  const money = new Intl.NumberFormat("zh-CN", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const tally = (bulk) => {
    const items = all("[data-bulk-item]:not(:disabled)", bulk);
    const chosen = items.filter((item) => item.checked);
    for (const item of items) item.closest("tr")?.classList.toggle("is-chosen", item.checked);
    // cents, so that the sum shown is exact
    const cents = chosen.reduce((sum, item) => sum + Math.round(Number(item.dataset.amount || 0) * 100), 0);
    all("[data-bulk-count]", bulk).forEach((place) => { place.textContent = String(chosen.length); });
    all("[data-bulk-sum]", bulk).forEach((place) => { place.textContent = money.format(cents / 100); });
    all("[data-bulk-action]", bulk).forEach((button) => { button.disabled = chosen.length === 0; });
    const head = bulk.querySelector("[data-bulk-all]");
    if (head) {
      head.checked = items.length > 0 && chosen.length === items.length;
      head.indeterminate = chosen.length > 0 && chosen.length < items.length;
    }
  };
  document.addEventListener("change", (event) => {
    const bulk = event.target.closest("[data-bulk]");
    if (!bulk) return;
    if (event.target.matches("[data-bulk-all]")) {
      all("[data-bulk-item]:not(:disabled)", bulk).forEach((item) => { item.checked = event.target.checked; });
    }
    if (event.target.matches("[data-bulk-all], [data-bulk-item]")) tally(bulk);
  });

  // -- dialogs (<dialog>): [data-dialog="id"] opens, [data-close] closes

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialog);
      if (dialog && dialog.showModal) {
        event.preventDefault();
        dialog.showModal();
      }
    }
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  });

  // -- charts

  const COLOURS = ["#0b5cad", "#2a9d64", "#d98200", "#b3261e", "#6b5ca5", "#5f7285", "#1797a6", "#a34d7d"];
  const number = new Intl.NumberFormat("zh-CN", { maximumFractionDigits: 2 });
  const option = (spec) => {
    const colours = spec.colours || COLOURS;
    const show = (value) => number.format(value) + (spec.unit || "");
    const base = {
      color: colours,
      animation: false,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      aria: { enabled: true },
      tooltip: { renderMode: "richText", trigger: spec.kind === "pie" ? "item" : "axis", valueFormatter: show },
    };
    if (spec.kind === "pie") {
      return {
        ...base,
        legend: { type: "scroll", orient: "vertical", right: 0, top: "middle" },
        series: [{ type: "pie", radius: ["45%", "75%"], center: ["35%", "50%"], label: { show: false }, data: spec.items }],
      };
    }
    const category = { type: "category", data: spec.categories, axisTick: { show: false }, inverse: spec.horizontal === true };
    const values = spec.axes
      ? spec.axes.map((name) => ({ type: "value", name, splitLine: { lineStyle: { color: "#e9edf2" } } }))
      : { type: "value", name: spec.unit || "", splitLine: { lineStyle: { color: "#e9edf2" } } };
    return {
      ...base,
      grid: { left: 8, right: 16, top: spec.series.length > 1 || spec.unit ? 36 : 16, bottom: 8, containLabel: true },
      legend: spec.series.length > 1 ? { top: 0 } : undefined,
      xAxis: spec.horizontal ? values : category,
      yAxis: spec.horizontal ? category : values,
      series: spec.series.map((line) => ({
        name: line.name,
        type: line.kind || spec.kind || "bar",
        data: line.values,
        yAxisIndex: line.axis || 0,
        stack: line.stack,
        barMaxWidth: 28,
        symbolSize: 6,
        label: spec.labels ? { show: true, position: spec.horizontal ? "right" : "top", formatter: (p) => show(p.value) } : undefined,
      })),
    };
  };

  let library = null;
  const echartsLibrary = () => {
    library ??= new Promise((resolve, reject) => {
      if (window.echarts) return resolve(window.echarts);
      const script = document.createElement("script");
      script.src = document.querySelector('meta[name="echarts"]').content;
      script.onload = () => resolve(window.echarts);
      script.onerror = reject;
      document.head.append(script);
    });
    return library;
  };
  const drawCharts = (root) => {
    const places = all("[data-chart]:not([data-drawn])", root);
    if (!places.length) return;
    echartsLibrary().then((echarts) => {
      for (const place of places) {
        const data = document.getElementById(place.dataset.chart);
        if (!data || place.dataset.drawn) continue;
        place.dataset.drawn = "1";
        const chart = echarts.init(place, null, { renderer: "svg" });
        chart.setOption(option(JSON.parse(data.textContent)));
        const fit = () => chart.resize();
        window.addEventListener("resize", fit);
        window.addEventListener("beforeprint", fit);
      }
    }, () => places.forEach((place) => { place.textContent = "图表未能加载，数字见表格。"; }));
  };

  // -- fragments

  document.addEventListener("htmx:beforeSwap", (event) => {
    const address = event.detail.xhr.responseURL || "";
    if (new URL(address, window.location.href).pathname.startsWith("/login")) {
      event.detail.shouldSwap = false; // the session ended: the page itself asks for the login
      window.location.reload();
    } else if (event.detail.xhr.status >= 400) {
      event.detail.shouldSwap = false;
    }
  });
  document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));

  const prepare = (root) => {
    rovingRows(root);
    drawCharts(root);
    all("[data-bulk]", root).forEach(tally);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => prepare(document));
  else prepare(document);
})();
