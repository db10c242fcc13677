// A partner's program with fhir-kit-client: create, search, paging, patch, transaction, history, operations.
// Prints one JSON line of what it saw; any refusal ends it with an error.
import { Client } from 'fhir-kit-client';

const client = new Client({ baseUrl: process.argv[2] });
const mine = `kit-${process.pid}`;
const identifier = [{ system: 'urn:trialbridge:test:kit', value: mine }];
const sought = `urn:trialbridge:test:kit|${mine}`;
const c3 = (patient, value) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '4485-9' }] },
  subject: { reference: patient },
  effectiveDateTime: '2021-09-14',
  valueQuantity: { value, unit: 'g/L', system: 'http://unitsofmeasure.org', code: 'g/L' },
});
const seen = {};

const capability = await client.capabilityStatement();
seen.fhirVersion = capability.fhirVersion;

const once = { headers: { 'If-None-Exist': `identifier=${sought}` } };
const body = { resourceType: 'Patient', identifier, gender: 'female' };
const created = await client.create({ resourceType: 'Patient', body, options: once });
const again = await client.create({ resourceType: 'Patient', body, options: once });
seen.statuses = [created, again].map((one) => Client.httpFor(one).response.status);
seen.once = created.id === again.id;

const updated = await client.update({
  resourceType: 'Patient',
  id: created.id,
  body: { ...created, gender: 'other' },
});
seen.updated = updated.meta.versionId;
const conditionally = await client.update({
  resourceType: 'Patient',
  searchParams: { identifier: sought },
  body: { resourceType: 'Patient', identifier, gender: 'female', birthDate: '1987' },
});
seen.conditionally = [conditionally.id === created.id, conditionally.meta.versionId];

const patched = await client.patch({
  resourceType: 'Patient',
  id: created.id,
  jsonPatch: [{ op: 'replace', path: '/birthDate', value: '1988' }],
});
seen.patched = patched.birthDate;

const answered = await client.transaction({
  body: {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [1, 2, 3, 4, 5].map((n) => ({
      resource: c3(`Patient?identifier=${sought}`, n / 10),
      request: { method: 'POST', url: 'Observation' },
    })),
  },
});
seen.transaction = answered.entry.map((entry) => entry.response.status);

let page = await client.search({
  resourceType: 'Observation',
  searchParams: { 'patient.identifier': sought, _sort: 'value-quantity', _count: '2' },
});
seen.pages = [];
while (page) {
  seen.pages.push((page.entry ?? []).map((entry) => entry.resource.valueQuantity.value));
  page = await client.nextPage({ bundle: page });
}
const compartment = await client.search({
  resourceType: 'Observation',
  compartment: { resourceType: 'Patient', id: created.id },
  searchParams: { 'value-quantity': 'lt0.3' },
});
seen.compartment = compartment.total ?? compartment.entry.length;

const history = await client.history({ resourceType: 'Patient', id: created.id });
seen.history = history.entry.map((entry) => entry.resource.meta.versionId);
const everything = await client.operation({
  name: 'everything',
  resourceType: 'Patient',
  id: created.id,
  method: 'GET',
});
seen.everything = everything.entry.map((entry) => entry.resource.resourceType).sort();

try {
  await client.read({ resourceType: 'Patient', id: 'nobody' });
} catch (error) {
  seen.refused = [error.response.status, error.response.data.resourceType];
}
console.log(JSON.stringify(seen));
