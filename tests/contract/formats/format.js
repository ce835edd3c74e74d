// Formats HCL texts as `terraform fmt` does: by HashiCorp's hclwrite.
const { readFileSync } = require('fs');
const { format } = require('@cdktf/hcl-tools');

async function main() {
  const texts = JSON.parse(readFileSync(0, 'utf8'));
  const formatted = {};
  for (const [name, text] of Object.entries(texts)) formatted[name] = await format(text);
  process.stdout.write(JSON.stringify(formatted), () => process.exit(0));
}

main();
