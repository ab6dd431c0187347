/* A status page at a glance, on any site: <script src="https://…/p/acme/widget.js" async></script>
   Shows nothing while all is well. No cookies, no inline styles as text, nothing but the page's own words as text. */
(() => {
  const own = document.currentScript;
  if (!own) return;
  const base = own.src.replace(/\/(widget|embed\/script)\.js([?#].*)?$/, '');
  const always = own.dataset.show === 'always';
  const colours = {
    good: '#13773a', maintenance: '#6a3fc0', degraded: '#8f6400', partial: '#b54708', major: '#c0262d', unknown: '#626a74',
  };
  let box;

  const made = (name, style, text) => {
    const element = document.createElement(name);
    Object.assign(element.style, style);
    if (text) element.textContent = text;
    return element;
  };

  const link = (text, url, style) => {
    const anchor = made('a', { color: 'inherit', ...style }, text);
    anchor.href = url;
    anchor.dir = 'auto';
    return anchor;
  };

  const show = (glance) => {
    if (box) box.remove();
    box = undefined;
    if (glance.tone === 'good' && !glance.stories.length && !always) return;
    box = made('aside', {
      position: 'fixed', insetInlineStart: '16px', insetBlockEnd: '16px', zIndex: '2147483000', maxWidth: 'min(22rem, calc(100vw - 32px))',
      padding: '12px 40px 12px 16px', borderRadius: '10px', boxShadow: '0 4px 24px rgb(0 0 0 / .25)', boxSizing: 'border-box',
      font: '14px/1.45 system-ui, sans-serif', color: '#fff', background: colours[glance.tone] || colours.unknown,
    });
    box.lang = glance.language;
    box.setAttribute('role', 'status');
    box.append(link(`${glance.name}: ${glance.text}`, glance.url, { fontWeight: '600', textDecoration: 'none' }));
    for (const story of glance.stories.slice(0, 3)) {
      const line = made('div', { marginTop: '4px' });
      line.append(link(story.title, story.url), made('span', {}, ` – ${story.text}`));
      box.append(line);
    }
    const close = made('button', {
      position: 'absolute', insetBlockStart: '4px', insetInlineEnd: '4px', width: '32px', height: '32px', border: '0', borderRadius: '6px',
      background: 'transparent', color: 'inherit', font: 'inherit', fontSize: '18px', cursor: 'pointer',
    }, '\u00d7');
    close.type = 'button';
    close.setAttribute('aria-label', glance.close);
    close.addEventListener('click', () => box.remove());
    box.append(close);
    document.body.append(box);
  };

  const ask = () => fetch(`${base}/widget.json`, { credentials: 'omit' })
    .then((answer) => (answer.ok ? answer.json().then(show) : undefined))
    .catch(() => undefined);
  if (document.body) ask(); else document.addEventListener('DOMContentLoaded', ask);
})();
