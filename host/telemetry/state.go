package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/hosted"
)

// askLimit is how long engines may take to say how many messages their queues have.
const askLimit = 5 * time.Second

// stateParams are what has a state that is looked at when metrics are collected. None
// of it may be needed to build telemetry: it is watched by it.
type stateParams struct {
	fx.In

	Telemetry     *telemetry
	Lifetime      *hosted.ApplicationLifetime
	Services      *hosted.Services
	Configuration *config.Manager `optional:"true"`
	Health        *health.Health  `optional:"true"`
	Queues        *queue.Queues   `optional:"true"`
}

// watchState has the state of what there is looked at.
func watchState(in stateParams) error {
	i := &instruments{meter: in.Telemetry.meter}
	watchHost(i, in.Lifetime)
	watchServices(i, in.Services)
	if in.Configuration != nil {
		watchConfiguration(i, in.Configuration)
	}
	if in.Health != nil {
		watchHealth(i, in.Health)
	}
	if in.Queues != nil {
		watchQueues(i, in.Queues)
	}
	return i.err
}

// flag is 1 for what is so.
func flag(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

func watchHost(i *instruments, lifetime *hosted.ApplicationLifetime) {
	state := i.observed("fxhost.host.state", "{host}", "1 for the state that the host is in, 0 for the others.")
	i.observe(func(_ context.Context, o metric.Observer) error {
		now := hostIs(lifetime)
		for _, s := range []string{"starting", "running", "draining", "stopping", "stopped"} {
			o.ObserveInt64(state, flag(s == now), metric.WithAttributes(hostState.String(s)))
		}
		return nil
	}, state)
}

func hostIs(l *hosted.ApplicationLifetime) string {
	closed := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	switch {
	case closed(l.Stopped()):
		return "stopped"
	case closed(l.Stopping()), closed(l.StopRequested()) && !closed(l.Started()):
		return "stopping"
	case closed(l.StopRequested()):
		return "draining"
	case closed(l.Started()):
		return "running"
	}
	return "starting"
}

func watchServices(i *instruments, services *hosted.Services) {
	state := i.observed("fxhost.service.state", "{service}", "1 for the state that the service is in, 0 for the others.")
	start := i.observedSeconds("fxhost.service.start.duration", "How long the last start of the service took.")
	stop := i.observedSeconds("fxhost.service.stop.duration", "How long the last stop of the service took.")
	faults := i.observedCounter("fxhost.service.faults", "{fault}", "How often the work of the service has ended with an error.")
	restarts := i.observedCounter("fxhost.service.restarts", "{restart}", "How often the service was restarted after a fault.")
	i.observe(func(_ context.Context, o metric.Observer) error {
		for _, s := range services.List() {
			name := serviceName.String(s.Name)
			for each := hosted.StateRegistered; each <= hosted.StateStalled; each++ {
				o.ObserveInt64(state, flag(each == s.State), metric.WithAttributes(name, serviceState.String(each.String())))
			}
			of := metric.WithAttributes(name)
			if !s.Start.At.IsZero() {
				o.ObserveFloat64(start, s.Start.Elapsed.Seconds(), of)
			}
			if !s.Stop.At.IsZero() {
				o.ObserveFloat64(stop, s.Stop.Elapsed.Seconds(), of)
			}
			o.ObserveInt64(faults, int64(s.Faults), of)
			o.ObserveInt64(restarts, int64(s.Restarts), of)
		}
		return nil
	}, state, start, stop, faults, restarts)
}

func watchConfiguration(i *instruments, configuration *config.Manager) {
	reloads := i.observedCounter("fxhost.config.reloads", "{reload}", "How often the configuration was loaded again.")
	i.observe(func(_ context.Context, o metric.Observer) error {
		s := configuration.Status()
		o.ObserveInt64(reloads, int64(s.Reloads), metric.WithAttributes(reloadResult.String("succeeded")))
		o.ObserveInt64(reloads, int64(s.Failures), metric.WithAttributes(reloadResult.String("failed")))
		return nil
	}, reloads)
}

func watchHealth(i *instruments, h *health.Health) {
	status := i.observed("fxhost.health.status", "{check}", "1 for the last result of the check, 0 for the others.")
	i.observe(func(_ context.Context, o metric.Observer) error {
		for _, c := range h.Report(health.Live).Checks {
			for _, each := range []health.Status{health.Unhealthy, health.Degraded, health.Healthy} {
				o.ObserveInt64(status, flag(each == c.Status),
					metric.WithAttributes(healthCheck.String(c.Name), healthStatus.String(each.String())))
			}
		}
		return nil
	}, status)
}

func watchQueues(i *instruments, queues *queue.Queues) {
	depth := i.observed("fxhost.queue.messages", "{message}", "Messages that a queue has, as far as its engine knows.")
	age := i.observedSeconds("fxhost.queue.oldest.age", "How long the oldest message that is ready has waited.")
	i.observe(func(ctx context.Context, o metric.Observer) error {
		ctx, cancel := context.WithTimeout(ctx, askLimit)
		defer cancel()
		for _, q := range queues.List(ctx) {
			of := semconv.MessagingDestinationName(q.Name)
			for _, n := range []struct {
				state string
				count int64
			}{{"ready", q.Stats.Ready}, {"delayed", q.Stats.Delayed}, {"in_flight", q.Stats.InFlight}, {"dead", q.Stats.Dead}} {
				if n.count != queue.Unknown {
					o.ObserveInt64(depth, n.count, metric.WithAttributes(of, messageState.String(n.state)))
				}
			}
			if q.Stats.Oldest != queue.Unknown {
				o.ObserveFloat64(age, q.Stats.Oldest.Seconds(), metric.WithAttributes(of))
			}
		}
		return nil
	}, depth, age)
}
