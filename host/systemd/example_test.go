package systemd_test

import (
	"context"
	"fmt"
	"net"
	"os"

	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/systemd"
	"github.com/fxhost/fxhost/hosted"
)

// Migration is a service whose start may take minutes.
type Migration struct{ notifier *systemd.Notifier }

func NewMigration(notifier *systemd.Notifier) *Migration { return &Migration{notifier} }

func (m *Migration) StartAsync(context.Context) error {
	for _, table := range []string{"orders", "invoices"} {
		// Another two minutes for this table. Without systemd, it does nothing.
		if err := m.notifier.Notify("STATUS=migrating "+table, "EXTEND_TIMEOUT_USEC=120000000"); err != nil {
			return err
		}
		fmt.Println("migrated", table)
	}
	return nil
}

func (m *Migration) StopAsync(context.Context) error { return nil }

func Example() {
	_ = os.Unsetenv("NOTIFY_SOCKET") // as when it is started by hand
	builder := host.NewEmptyBuilder()
	builder.Logging.Output = zapcore.AddSync(discard{})
	systemd.Use(builder, systemd.Live(func() error { return nil }))
	builder.Add(hosted.AddHostedService[*Migration](NewMigration))
	h, err := builder.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := h.Start(context.Background()); err != nil {
		fmt.Println(err)
	}
	if err := h.Stop(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// migrated orders
	// migrated invoices
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// A constructor that listens where systemd says, and on an address of its own when
// it is started by hand.
func ExampleSockets() {
	listen := func(sockets *systemd.Sockets) (net.Listener, error) {
		listeners, err := sockets.Listeners("web") // FileDescriptorName=web in the .socket unit
		if err != nil {
			return nil, err
		}
		if len(listeners) > 0 {
			return listeners[0], nil
		}
		return (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	}
	listener, err := listen(&systemd.Sockets{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer listener.Close()
	fmt.Println(listener.Addr().Network())
	// Output: tcp
}
