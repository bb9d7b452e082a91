import { z } from 'zod';

/** The one namespace that the embedded provider has. */
export const NAMESPACE = 'openfaas-fn';

/** Annotation in which the provider says where a function runs, or why it does not. */
export const PLACEMENT_ANNOTATION = 'overread.io/placement';

/** OpenFaaS function names, as its provider accepts them. */
const FunctionName = z
  .string()
  .max(63, 'a function name has at most 63 characters')
  .regex(/^[-a-zA-Z_0-9.]+$/, 'a function name has letters, digits, hyphens, underscores and dots only')
  .refine((name) => !/^\.+$/.test(name), 'a function name is more than dots');

/** Names of secrets are file names in the function's secrets folder. */
const SecretName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/,
    'a secret name has lower-case letters, digits, hyphens and dots only, and begins and ends with a letter or digit',
  );

const Resources = z.object({ memory: z.string().optional(), cpu: z.string().optional() });

/** Body of POST and PUT `/system/functions` (faas-provider `types.FunctionDeployment`). */
export const FunctionDeployment = z.object({
  service: FunctionName,
  image: z.string(),
  namespace: z.string().optional(),
  envProcess: z.string().optional(),
  envVars: z.record(z.string(), z.string()).nullish(),
  constraints: z.array(z.string()).nullish(),
  secrets: z.array(z.string()).nullish(),
  labels: z.record(z.string(), z.string()).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
  limits: Resources.nullish(),
  requests: Resources.nullish(),
  readOnlyRootFilesystem: z.boolean().optional(),
});
export type FunctionDeployment = z.infer<typeof FunctionDeployment>;

/** An answer of GET `/system/functions` (faas-provider `types.FunctionStatus`); Go leaves out what is 0 or empty. */
export const FunctionStatus = FunctionDeployment.omit({ service: true }).extend({
  name: FunctionName,
  image: z.string().default(''),
  invocationCount: z.number().default(0),
  replicas: z.int().default(0),
  availableReplicas: z.int().default(0),
  createdAt: z.string().default(''),
});
export type FunctionStatus = z.infer<typeof FunctionStatus>;

/** A deployment as the provider keeps it: what was asked for, how many of it, since when. */
export const DeployedFunction = z.object({
  deployment: FunctionDeployment,
  replicas: z.int().nonnegative(),
  createdAt: z.iso.datetime(),
});
export type DeployedFunction = z.infer<typeof DeployedFunction>;

/** Body of DELETE `/system/functions`. */
export const FunctionRemoval = z.object({ functionName: FunctionName, namespace: z.string().optional() });

/** Body of POST `/system/scale-function/{name}`. */
export const FunctionScaling = z.object({
  serviceName: FunctionName.optional(),
  replicas: z.int().nonnegative(),
  namespace: z.string().optional(),
});

/** Body of POST, PUT and DELETE `/system/secrets`; `rawValue` is Base64 and wins. */
export const Secret = z.object({
  name: SecretName,
  namespace: z.string().optional(),
  value: z.string().optional(),
  rawValue: z.base64().optional(),
});
export type Secret = z.infer<typeof Secret>;

/** A line of GET `/system/logs`. */
export const LogLine = z.object({
  name: z.string(),
  namespace: z.string(),
  instance: z.string(),
  timestamp: z.iso.datetime(),
  text: z.string(),
});
export type LogLine = z.infer<typeof LogLine>;

/** A value of stack.yml that may be written without quotes. */
const Scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Texts = z.record(z.string(), Scalar).nullish();

/** One function of stack.yml, in as far as it decides the deployment. */
export const StackFunction = z.object({
  image: z.string(),
  lang: z.string().optional(),
  namespace: z.string().optional(),
  fprocess: z.string().optional(),
  environment: Texts,
  environment_file: z.array(z.string()).nullish(),
  secrets: z.array(z.string()).nullish(),
  readonly_root_filesystem: z.boolean().optional(),
  constraints: z.array(z.string()).nullish(),
  labels: Texts,
  annotations: Texts,
  limits: Resources.nullish(),
  requests: Resources.nullish(),
});
export type StackFunction = z.infer<typeof StackFunction>;

/** `stack.yml`, the file that faas-cli deploys from. */
export const Stack = z.object({
  version: z.coerce.string().optional(),
  provider: z.object({ name: z.literal('openfaas'), gateway: z.string().optional() }),
  functions: z.record(FunctionName, StackFunction),
});
export type Stack = z.infer<typeof Stack>;

/** `template/<lang>/template.yml`. */
export const LanguageTemplate = z.object({ fprocess: z.string().optional() });

/** A file named in `environment_file`. */
export const EnvironmentFile = z.object({ environment: z.record(z.string(), Scalar) });
