import { z } from 'zod';

/** OpenFaaS function names, as its provider accepts them. */
export const FunctionName = z
  .string()
  .max(63)
  .regex(/^[-a-zA-Z_0-9.]+$/);

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

/** An answer of GET `/system/functions` (faas-provider `types.FunctionStatus`). */
export type FunctionStatus = Omit<FunctionDeployment, 'service'> & {
  name: string;
  invocationCount: number;
  replicas: number;
  availableReplicas: number;
  createdAt: string;
};
