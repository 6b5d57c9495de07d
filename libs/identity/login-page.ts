/** The local issuer's one page. Every parameter of the request goes back with the form, escaped. */
export function loginPage(parameters: URLSearchParams, problem?: string): string {
  const hidden = [...parameters]
    .filter(([name]) => name !== 'username' && name !== 'password')
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`)
    .join('\n      ');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Sign in to the Assay demonstration</title>
    <style>
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 22rem; margin: 12vh auto; padding: 0 1rem; }
      label { display: block; margin-top: 1rem; }
      input { width: 100%; padding: 0.5rem; font: inherit; box-sizing: border-box; }
      button { margin-top: 1.5rem; padding: 0.5rem 1.5rem; font: inherit; }
      .problem { color: #b00020; }
      @media (prefers-color-scheme: dark) { body { background: #111; color: #eee; } .problem { color: #ff8a80; } }
    </style>
  </head>
  <body>
    <h1>Sign in</h1>
    <p>Demonstration people only.</p>
    ${problem === undefined ? '' : `<p class="problem" role="alert">${escaped(problem)}</p>`}
    <form method="post" action="/authorize">
      ${hidden}
      <label>Name <input name="username" autocomplete="username" required autofocus></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      <button>Sign in</button>
    </form>
  </body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
