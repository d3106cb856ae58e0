package telemetry

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/fxhost/fxhost/internal/observe"
)

// jobs watches the runs of jobs.
type jobs struct {
	tracer      trace.Tracer
	duration    metric.Float64Histogram
	active      metric.Int64UpDownCounter
	lastSuccess metric.Float64Gauge
}

func newJobs(t *telemetry) (*jobs, error) {
	i := instruments{meter: t.meter}
	j := &jobs{
		tracer:      t.tracer,
		duration:    i.histogram("fxhost.job.run.duration", "How long a run of a job took.", longSeconds()),
		active:      i.upDown("fxhost.job.active", "{run}", "Runs of jobs that are going on."),
		lastSuccess: i.gauge("fxhost.job.last_success", "When a run of the job last succeeded in this process, since 1970."),
	}
	return j, i.err
}

// run implements the Run of an observer. A run is the root of a trace.
func (j *jobs) run(ctx context.Context, r observe.Run) (context.Context, func(observe.RunEnd)) {
	name := jobName.String(r.Job)
	trigger := jobTrigger.String(strings.ReplaceAll(string(r.Cause), " ", "_"))
	ctx, span := j.tracer.Start(ctx, "run "+r.Job, trace.WithNewRoot(),
		trace.WithAttributes(name, trigger, jobSchedule.String(r.Trigger)))
	if r.Retry > 0 {
		span.SetAttributes(jobRetry.Int(r.Retry))
	}
	j.active.Add(ctx, 1, metric.WithAttributes(name))
	return ctx, func(end observe.RunEnd) {
		attributes := make([]attribute.KeyValue, 0, 4)
		result := "succeeded"
		switch {
		case end.Stopped:
			result = "stopped"
		case end.Err != nil:
			result = "failed"
			attributes = append(attributes, fail(span, end.Err))
		default:
			j.lastSuccess.Record(ctx, float64(time.Now().UnixMilli())/1000, metric.WithAttributes(name))
		}
		span.SetAttributes(jobResult.String(result))
		j.active.Add(ctx, -1, metric.WithAttributes(name))
		j.duration.Record(ctx, end.Took.Seconds(), metric.WithAttributes(append(attributes, name, trigger, jobResult.String(result))...))
		span.End()
	}
}

// newObserver watches messages and jobs, if there is anything to export by.
func newObserver(t *telemetry, m *messages, j *jobs) *observe.Observer {
	if t.tracing == nil && t.metering == nil {
		return &observe.Observer{}
	}
	return &observe.Observer{Send: m.send, Handle: m.handle, Run: j.run}
}
