// What component multi-scf does before the vendor's library, as in its src/formatter.ts.
'use strict';

function functionInputs({ app, stage, name, inputs }) {
  const { src, functions, triggers, ...shared } = inputs;
  return Object.entries(functions).map(([key, own]) => {
    const merged = { ...shared, ...own, key };
    const variables = (merged.environments || []).map(({ key: k, value }) => [k, value]);
    merged.name = merged.name || `${name}-${stage}-${app}-${key}`;
    merged.environment = { variables: Object.fromEntries(variables) };
    merged.code = { bucket: 'code', object: `${merged.name}.zip` };
    return merged;
  });
}

module.exports = { functionInputs };
