package telemetry

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/fxhost/fxhost/host"
)

// newResource describes the program. What OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES say takes precedence.
func newResource(environment *host.Environment) (*resource.Resource, error) {
	ours := []attribute.KeyValue{semconv.ServiceInstanceID(uuid.NewString())}
	if environment != nil {
		ours = appendText(ours, semconv.ServiceNameKey, environment.ApplicationName)
		ours = appendText(ours, semconv.DeploymentEnvironmentNameKey, environment.Name)
	}
	info, _ := debug.ReadBuildInfo()
	ours = appendText(ours, semconv.ServiceVersionKey, version(info))
	of, err := resource.New(context.Background(),
		resource.WithSchemaURL(schemaURL), resource.WithTelemetrySDK(), resource.WithAttributes(ours...), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("telemetry: OTEL_RESOURCE_ATTRIBUTES: %w: write key=value, with commas in between", err)
	}
	if _, named := of.Set().Value(semconv.ServiceNameKey); named {
		return of, nil
	}
	return resource.Merge(resource.Default(), of) // which has a name made of that of the program
}
