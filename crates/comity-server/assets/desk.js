// Clocks, lists that refresh themselves, and buttons that are pressed once. Pages work without.
'use strict';
(() => {
  // The node's clock, not this computer's: a wrong clock here changes nothing that is shown.
  let ahead = 0;
  const learn = (root) => {
    const now = root.body ? root.body.dataset.now : root.dataset.now;
    if (now) ahead = Date.parse(now) - Date.now();
  };
  learn(document);
  const nodeNow = () => Date.now() + ahead;

  // This computer's clock was set, or it slept: the node is asked again what time it is.
  let steady = Date.now() - performance.now();
  const mind = async () => {
    const shift = Date.now() - performance.now() - steady;
    if (Math.abs(shift) < 5000) return;
    steady += shift;
    try {
      const reply = await fetch('/api/v1/clock');
      if (reply.ok) ahead = Date.parse((await reply.json()).now) - Date.now();
    } catch {
      // Without the node the page stays as it is; the next one that opens is right again.
    }
  };

  const count = (n, one) => `${n} ${one}${n === 1 ? '' : 's'}`;
  const length = (ms) => {
    const minutes = Math.floor(Math.abs(ms) / 60000);
    const d = Math.floor(minutes / 1440);
    const h = Math.floor((minutes % 1440) / 60);
    const m = minutes % 60;
    if (d > 0) return h === 0 ? count(d, 'day') : `${count(d, 'day')} ${count(h, 'hour')}`;
    if (h > 0) return m === 0 ? count(h, 'hour') : `${count(h, 'hour')} ${count(m, 'minute')}`;
    return count(m, 'minute');
  };

  const tick = () => {
    mind();
    for (const clock of document.querySelectorAll('[data-ends-at]')) {
      const left = Date.parse(clock.dataset.endsAt) - nodeNow();
      const words = clock.querySelector('[data-left]') || clock;
      words.textContent = left >= 0 ? `${length(left)} left` : `${length(left)} over`;
      // Calm until somebody must act.
      clock.classList.toggle('is-over', left < 0);
      clock.classList.toggle('is-soon', left >= 0 && left < 3600000);
    }
    for (const due of document.querySelectorAll('[data-due-at]')) {
      const left = Date.parse(due.dataset.dueAt) - nodeNow();
      if (Math.abs(left) < 60000) due.textContent = 'now';
      else due.textContent = left > 0 ? `in ${length(left)}` : `${length(left)} late`;
    }
  };
  setInterval(tick, 1000);

  // A list is read again when the node says that something changed; never while somebody types
  // or has the focus inside it.
  const live = document.querySelector('[data-live]');
  if (live && window.EventSource) {
    let waiting = false;
    const refresh = async () => {
      if (waiting || live.contains(document.activeElement)) return;
      waiting = true;
      try {
        const reply = await fetch(location.href, { headers: { 'x-comity-live': '1' } });
        if (reply.ok && !reply.redirected) {
          const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
          const fresh = page.querySelector('[data-live]');
          if (fresh) live.replaceChildren(...fresh.childNodes);
          learn(page);
          const shown = document.querySelector('[data-clock-now]');
          const its = page.querySelector('[data-clock-now]');
          if (shown && its) shown.textContent = its.textContent;
          tick();
        }
      } finally {
        setTimeout(() => { waiting = false; }, 800);
      }
    };
    const stream = new EventSource('/api/v1/stream');
    stream.addEventListener('changed', refresh);
    if (document.body.hasAttribute('data-rehearsal')) setInterval(refresh, 3000);
  }

  // A form is sent once. What it holds stays as it is: the node knows a second one by its key.
  document.addEventListener('submit', (event) => {
    const form = event.target;
    // Questions that change nothing may be asked again.
    if ('again' in form.dataset) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (form.method === 'post') {
      form.dataset.sent = '1';
      const button = event.submitter;
      if (button) setTimeout(() => { button.textContent = 'One moment…'; }, 400);
    }
  });
  // Back from another page: the form may be sent again.
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    for (const form of document.forms) delete form.dataset.sent;
  });

  // Printing is a button where there is a script, and the browser's menu where there is none.
  for (const button of document.querySelectorAll('[data-print]')) {
    button.hidden = false;
    button.addEventListener('click', () => window.print());
  }
})();
