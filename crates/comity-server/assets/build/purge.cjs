// Makes assets/uswds.css of the npm package @uswds/uswds: the components that the pages use, one
// typeface, icons from /assets/. Run with purgecss 7 beside it: see assets/PROVENANCE.md.
const { PurgeCSS } = require('purgecss');
const fs = require('fs');
const components = [
  'usa-accordion', 'usa-alert', 'usa-breadcrumb', 'usa-button', 'usa-button-group',
  'usa-checkbox', 'usa-current', 'usa-error-message', 'usa-fieldset', 'usa-form',
  'usa-form-group', 'usa-hint', 'usa-input', 'usa-intro', 'usa-label', 'usa-legend', 'usa-link',
  'usa-list', 'usa-process-list', 'usa-prose', 'usa-radio', 'usa-section', 'usa-select',
  'usa-sidenav', 'usa-skipnav', 'usa-sr-only', 'usa-step-indicator', 'usa-summary-box',
  'usa-table', 'usa-tag', 'usa-textarea',
];
const elements = ['html', 'body', 'p', 'a', 'ul', 'ol', 'li', 'table', 'th', 'td', 'tr', 'thead',
  'tbody', 'caption', 'main', 'form', 'input', 'select', 'textarea', 'button', 'fieldset',
  'legend', 'label', 'dl', 'dt', 'dd', 'svg', 'img', 'figure', 'figcaption', 'details',
  'summary', 'code', 'pre', 'hr', 'abbr', 'strong', 'em', 'small', 'time', 'nav', 'header',
  'footer', 'section', 'article', 'blockquote'];
const classes = components.map((name) => new RegExp('^' + name + '(?=$|--|__)'));
const grid = [/^grid-container$/, /^grid-row$/, /^grid-gap(-\w+)?$/,
  /^(tablet:|desktop:)?grid-col(-(fill|auto|\d+))?$/];

(async () => {
  const [{ css }] = await new PurgeCSS().purge({
    content: [{ raw: '', extension: 'html' }],
    css: [process.argv[2]],
    safelist: { standard: [...elements, /^h[1-6]$/, ...classes, ...grid] },
    keyframes: true,
    variables: true,
  });
  const faces = ['Regular:400', 'Bold:700'].map((f) => f.split(':')).map(([name, weight]) =>
    `@font-face{font-family:"Public Sans Web";font-style:normal;font-weight:${weight};` +
    `font-display:swap;src:url(/assets/PublicSans-${name}.woff2) format("woff2")}`);
  const own = css
    .replace(/@font-face\{[^}]*\}/g, '')
    .replace(/Merriweather Web|Source Sans Pro Web/g, 'Public Sans Web')
    .replace(/url\(\.\.\/img\/usa-icons(-bg)?\/([\w-]+\.svg)\)/g, 'url(/assets/$2)');
  fs.writeFileSync(process.argv[3], faces.join('') + own);
})();
