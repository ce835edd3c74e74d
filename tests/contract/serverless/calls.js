// Maps serverless.yml files to API calls with the vendor's own library, and prints the calls.
// Standard input: {"functions": {app, stage, name, inputs}, "layers": [{inputs}]}, all filled in.
'use strict';

const { readFileSync } = require('fs');
const { formatInputs } = require('tencent-component-toolkit/lib/modules/scf/utils');
const layer = require('tencent-component-toolkit/lib/modules/layer/utils').default;
const { functionInputs } = require('./inputs');

const TRIGGERS = Object.fromEntries(
  ['http', 'cos', 'timer'].map((type) => [
    type,
    require(`tencent-component-toolkit/lib/modules/triggers/${type}`).default,
  ]),
);

function triggerCall(trigger, functionName, { region, namespace }) {
  const instance = new TRIGGERS[trigger.type]({ credentials: {}, region });
  const inputs = { ...trigger, functionName, namespace };
  return instance.formatInputs({ region, inputs }).triggerInputs;
}

async function layerCall({ inputs }) {
  let call;
  const capi = {
    request: async (data) => {
      call = data;
      return { Response: { LayerVersion: 1 } };
    },
  };
  await layer.publishLayer(capi, {
    LayerName: inputs.name,
    CompatibleRuntimes: inputs.runtimes,
    Content: { CosBucketName: 'code', CosObjectName: `${inputs.name}.zip` },
    Description: inputs.description,
  });
  return call;
}

async function main() {
  const { functions, layers } = JSON.parse(readFileSync(0, 'utf8'));
  const all = functionInputs(functions);
  const names = Object.fromEntries(all.map(({ key, name }) => [key, name]));
  const calls = await Promise.all(layers.map(layerCall));
  calls.push(...all.map((inputs) => ({ Action: 'CreateFunction', ...formatInputs(inputs) })));
  const { triggers } = functions.inputs;
  calls.push(...triggers.map((t) => triggerCall(t, names[t.function], functions.inputs)));
  process.stdout.write(JSON.stringify(calls));
}

main();
