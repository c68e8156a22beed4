// Passkeys: hands what the node asked to the browser, and what the browser says to the form.
'use strict';
(() => {
  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
    return Uint8Array.from(plain, (c) => c.charCodeAt(0));
  };
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const known = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));

  // By hand, as PublicKeyCredential.toJSON is missing in browsers that desks still have.
  const reply = (credential) => {
    const { response } = credential;
    const out = { clientDataJSON: text(response.clientDataJSON) };
    for (const name of ['attestationObject', 'authenticatorData', 'signature']) {
      if (response[name]) out[name] = text(response[name]);
    }
    return { id: credential.id, type: credential.type, response: out };
  };

  const ask = (kind, options) => {
    const publicKey = { ...options, challenge: bytes(options.challenge) };
    if (kind === 'create') {
      publicKey.user = { ...options.user, id: bytes(options.user.id) };
      publicKey.excludeCredentials = known(options.excludeCredentials);
      return navigator.credentials.create({ publicKey });
    }
    publicKey.allowCredentials = known(options.allowCredentials);
    return navigator.credentials.get({ publicKey });
  };

  const words = {
    NotAllowedError: 'The browser asked for the passkey and got none: it was refused, or it took too long. Try again.',
    InvalidStateError: 'This device has a passkey for this account already.',
    SecurityError: 'The browser gives passkeys only to a site with a certificate, under the name that it was set up with.',
  };

  for (const form of document.querySelectorAll('form[data-passkey]')) {
    const button = form.querySelector('[data-passkey-start]');
    const failed = form.querySelector('[data-passkey-failed]');
    const say = (what) => {
      failed.textContent = what;
      failed.hidden = false;
    };
    button.hidden = false;
    button.addEventListener('click', async () => {
      failed.hidden = true;
      if (!window.PublicKeyCredential) {
        say('This browser has no passkeys here. They need a newer browser, and a site with a certificate.');
        return;
      }
      if (form.dataset.passkey === 'create' && !form.reportValidity()) return;
      button.disabled = true;
      try {
        const credential = await ask(form.dataset.passkey, JSON.parse(form.dataset.options));
        form.querySelector('[data-passkey-reply]').value = JSON.stringify(reply(credential));
        form.submit();
      } catch (fault) {
        say(words[fault.name] || `The passkey could not be used: ${fault.message}`);
        button.disabled = false;
      }
    });
  }
})();
