// The workbench checks a draft as somebody types, with the form's own fields. Without it, the
// button does the same.
'use strict';
(() => {
  const form = document.querySelector('[data-workbench]');
  if (!form) return;
  const text = form.querySelector('#text');
  const findings = document.getElementById('findings');
  let wait = 0;
  let under = null;
  const check = async () => {
    if (under) under.abort();
    under = new AbortController();
    const fields = new URLSearchParams();
    fields.set('csrf', form.elements.csrf.value);
    fields.set('text', text.value);
    fields.set('act', 'check');
    try {
      const reply = await fetch(form.action, { method: 'POST', body: fields, signal: under.signal });
      if (!reply.ok || reply.redirected) return;
      const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
      const fresh = page.getElementById('findings');
      if (fresh && !findings.contains(document.activeElement)) {
        findings.replaceChildren(...fresh.childNodes);
      }
    } catch (e) {
      // A newer check has taken its place, or the node is away: what stands stays.
    }
  };
  text.addEventListener('input', () => {
    clearTimeout(wait);
    wait = setTimeout(check, 900);
  });
  // A finding's line is shown in the text itself.
  findings.addEventListener('click', (event) => {
    const link = event.target.closest('[data-line]');
    if (!link) return;
    event.preventDefault();
    const lines = text.value.split('\n');
    const before = lines.slice(0, Number(link.dataset.line) - 1);
    const at = before.reduce((sum, line) => sum + line.length + 1, 0);
    text.focus();
    text.setSelectionRange(at + Number(link.dataset.column) - 1, at + (lines[before.length] || '').length);
    text.scrollTop = (before.length - 6) * (text.scrollHeight / Math.max(1, lines.length));
  });
})();
