// A small service by import.
import dns from 'node:dns';
import fs from 'node:fs';
import http from 'node:http';

import { serve } from './commands.cjs';

serve({ node: { http, fs, dns }, loadTelemetry: () => import('./telemetry.mjs') });
