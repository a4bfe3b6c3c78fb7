/** The route table as OpenAPI 3.1: https://spec.openapis.org/oas/v3.1.1.html. scripts/docs-api.ts writes it beside this file; no program that runs loads it. */
import { NEEDED, type Parameters } from './parameters.ts';
import { PROBLEM_TYPE } from './refusal.ts';
import type { Route } from './route.ts';
import { SCHEMAS, type SchemaName } from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

/** What any route may be refused with. */
const REFUSALS = {
  400: 'A parameter or the request cannot be read.',
  401: 'The bearer token is missing or not the right one.',
  403: 'A foreign Host or Origin, a route that needs a token where none is set, or writing is off.',
  404: 'It is not known.',
  405: 'Another method, named in Allow.',
  409: 'No process did it, and the first says why it refuses.',
  413: 'The body is larger than 16 kB.',
  414: 'The query is longer than 2048 characters.',
  415: 'The body is not JSON.',
  429: 'Too many requests; Retry-After says when to try again.',
  431: 'The headers are longer than 8 kB.',
  500: 'It failed for a reason that was not foreseen.',
  503: 'Not now: too many streams or answers, or the process cannot be reached.',
} as const;
const ALWAYS = [400, 401, 403, 414, 429, 431, 500, 503] as const;

export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = `/api/v1${route.path.replaceAll(/:(\w+)/g, '{$1}')}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Plimsoll sidecar',
      version: '1',
      description:
        'How close each process is to dying of memory, and how others died. Each path is there without /v1 too. Where PLIMSOLL_API_TOKEN_FILE is set, every route asks for it.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: SCHEMAS,
      responses: Object.fromEntries(
        Object.entries(REFUSALS).map(([status, description]) => [status, refusal(description)]),
      ),
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function operation(route: Route): Json {
  const { summary, access, body, query } = route;
  return {
    operationId: operationId(route),
    summary,
    // {}: also without, where no token is set
    security: access === 'read' ? [{ token: [] }, {}] : [{ token: [] }],
    parameters: [...pathParameters(route.path), ...queryParameters(query)],
    ...(body === undefined ? {} : { requestBody: requestBody(body) }),
    responses: { 200: { description: summary, content: content(route) }, ...refusals(route) },
  };
}

/** `getMemoryStatus`. */
function operationId({ method, path }: Route): string {
  const words = path.split(/[^A-Za-z]+/).filter((word) => word !== '');
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function pathParameters(path: string): readonly Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: Parameters): readonly Json[] {
  return Object.entries(query).map(([name, { doc, allowed, schema }]) => ({
    name,
    in: 'query',
    description: `${doc} Must be ${allowed}.`,
    schema,
  }));
}

function requestBody(body: Parameters): Json {
  const fields = Object.entries(body);
  const required = fields.filter(([, { otherwise }]) => otherwise === NEEDED).map(([name]) => name);
  const properties = fields.map(([name, { doc, allowed, schema }]) => [
    name,
    { ...schema, description: `${doc} Must be ${allowed}.` },
  ]);
  const schema = {
    type: 'object',
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(properties),
  };
  return { required: required.length > 0, content: { 'application/json': { schema } } };
}

function content({ answers, types = [] }: Route): Json {
  const json = answers === undefined ? [] : [['application/json', { schema: reference(answers) }]];
  return Object.fromEntries([...json, ...types.map((type) => [type, {}])]);
}

function refusals({ statuses = [], body }: Route): Json {
  const possible = new Set<number>([...ALWAYS, ...statuses, ...(body === undefined ? [] : [413, 415])]);
  const sorted = [...possible].toSorted((a, b) => a - b);
  return Object.fromEntries(sorted.map((status) => [status, { $ref: `#/components/responses/${status}` }]));
}

function refusal(description: string): Json {
  return { description, content: { [PROBLEM_TYPE]: { schema: reference('Problem') } } };
}

function reference(name: SchemaName): Json {
  return { $ref: `#/components/schemas/${name}` };
}
