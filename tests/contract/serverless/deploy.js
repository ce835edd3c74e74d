// Deploys roles, layers and functions with the vendor's own library, at an endpoint of choice.
// Standard input: {endpoint, credentials, region, bucket, roles, layers, functions}, all filled in.
'use strict';

const { readFileSync } = require('fs');
const { Capi } = require('@tencent-sdk/capi');
const { Cam, Layer, Scf } = require('tencent-component-toolkit');
const { functionInputs } = require('./inputs');

const given = JSON.parse(readFileSync(0, 'utf8'));
const { credentials, region, bucket } = given;

// The library knows no other endpoint than the vendor's: only the address of a call is changed.
const { request } = Capi.prototype;
Capi.prototype.request = function at(data, options, isV3) {
  return request.call(this, data, { ...options, host: given.endpoint, protocol: 'http' }, isV3);
};

async function role({ name, trust }) {
  const cam = new Cam(credentials, region);
  const { RoleId } = await cam.CreateRole(name, JSON.stringify(trust));
  await cam.AttachRolePolicyByName(RoleId, name);
}

async function layer({ inputs }) {
  const code = { bucket, object: `${inputs.name}.zip` };
  const { version } = await new Layer(credentials, region).deploy({ ...inputs, ...code });
  return [inputs.name, version];
}

async function main() {
  if (given.first) {
    await Promise.all(given.roles.map(role));
  }
  const versions = Object.fromEntries(await Promise.all(given.layers.map(layer)));
  const { triggers } = given.functions.inputs;
  for (const inputs of functionInputs(given.functions)) {
    inputs.code = { bucket, object: `${inputs.key}.zip` };
    inputs.layers = inputs.layers.map(({ name }) => ({ name, version: versions[name] }));
    inputs.events = triggers
      .filter((each) => each.function === inputs.key)
      .map(({ type, parameters }) => ({ [type]: { parameters } }));
    await new Scf(credentials, region).deploy(inputs);
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
