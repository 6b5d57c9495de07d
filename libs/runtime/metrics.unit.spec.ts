import { expect, test } from '@jest/globals';
import { createMetrics } from './metrics.js';

test('the event loop delay, commands, denials and lag are exported under stable names', async () => {
  const metrics = createMetrics();
  metrics.commandSeconds.observe({ command: 'SignApproval', outcome: 'refused' }, 0.003);
  metrics.denials.inc({ rule: 'Contributor' });
  metrics.projectionLagEvents.set({ view: 'lineage' }, 12);
  metrics.projectionLagSeconds.set({ view: 'lineage' }, 1.5);
  const text = await metrics.registry.metrics();
  metrics.stop();
  for (const line of [
    /^assay_event_loop_delay_seconds \d/m,
    /^assay_command_seconds_count\{command="SignApproval",outcome="refused"\} 1$/m,
    /^assay_denials_total\{rule="Contributor"\} 1$/m,
    /^assay_projection_lag_events\{view="lineage"\} 12$/m,
    /^assay_projection_lag_seconds\{view="lineage"\} 1.5$/m,
  ])
    expect(text).toMatch(line);
});
