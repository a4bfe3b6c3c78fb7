// The same by import.
import * as api from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import * as logsExporter from '@opentelemetry/exporter-logs-otlp-http';
import * as metricsExporter from '@opentelemetry/exporter-metrics-otlp-http';
import * as prometheusExporter from '@opentelemetry/exporter-prometheus';
import * as traceExporter from '@opentelemetry/exporter-trace-otlp-http';
import * as hostMetrics from '@opentelemetry/host-metrics';
import { DnsInstrumentation } from '@opentelemetry/instrumentation-dns';
import { FsInstrumentation } from '@opentelemetry/instrumentation-fs';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NetInstrumentation } from '@opentelemetry/instrumentation-net';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import * as sdkLogs from '@opentelemetry/sdk-logs';
import * as sdkMetrics from '@opentelemetry/sdk-metrics';
import * as sdkNode from '@opentelemetry/sdk-node';
import * as sdkTrace from '@opentelemetry/sdk-trace-base';

export default {
  major: 1,
  api,
  logs,
  sdkNode,
  sdkMetrics,
  sdkLogs,
  sdkTrace,
  metricsExporter,
  logsExporter,
  traceExporter,
  prometheusExporter,
  hostMetrics,
  instrumentations: {
    http: HttpInstrumentation,
    dns: DnsInstrumentation,
    net: NetInstrumentation,
    fs: FsInstrumentation,
    runtime: RuntimeNodeInstrumentation,
  },
};
