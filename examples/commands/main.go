// Command commands is a shop with two commands, which are built from one graph:
//
//	go run . migrate --db shop.txt
//	go run . serve --db shop.txt --environment Development -- --Logging:LogLevel:Default=Debug
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

func main() {
	code := 0
	// run returns what a command does: it runs what all have in common, and its service.
	run := func(configure func(*host.Options), service fx.Option) func(*cobra.Command, []string) {
		return func(cmd *cobra.Command, args []string) {
			flags := config.Flags(cmd.Flags(), config.Switches(map[string]string{"--db": "Shop:DB", "--address": "Shop:Address"}))
			builder := host.NewBuilder(args, flags)
			builder.ConfigureOptions(configure)
			builder.Add(
				config.Configure("Shop", config.Default(Options{DB: "shop.txt", Address: "localhost:8080", Pause: time.Second})),
				fx.Provide(NewDatabase), service,
			)
			code = host.ExitCode(builder.Run(cmd.Context()))
		}
	}
	serve := &cobra.Command{
		Use: "serve [-- settings]", Short: "Serve the shop over HTTP", Args: onlySettings,
		Run: run(func(*host.Options) {}, hosted.AddHostedService[*Server](NewServer)),
	}
	serve.Flags().String("address", "", "address to listen on (default localhost:8080)")
	migrate := &cobra.Command{
		Use: "migrate [-- settings]", Short: "Bring the database up to date", Args: onlySettings,
		Run: run(func(o *host.Options) { o.StopWhenDone = true }, hosted.AddHostedService[*Migration](NewMigration)),
	}
	root := &cobra.Command{Use: "shop", Short: "A shop with a database"}
	root.PersistentFlags().String("db", "", "file of the database (default shop.txt)")
	root.PersistentFlags().String("environment", "", "environment, such as Development")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return fmt.Errorf("%w (settings without a flag follow --)", err)
	})
	root.AddCommand(serve, migrate)
	if root.Execute() != nil { // it has printed what is wrong with the arguments
		code = 2
	}
	os.Exit(code)
}

// onlySettings refuses arguments other than those after "--".
func onlySettings(cmd *cobra.Command, args []string) error {
	if n := cmd.ArgsLenAtDash(); n != 0 && len(args) > 0 {
		return fmt.Errorf("unknown argument %q", args[0])
	}
	return nil
}

// Options is section Shop of the configuration.
type Options struct {
	DB, Address string
	Pause       time.Duration // that each version of the database takes
}

// Database stands for a real one: its file has a byte for each version.
type Database struct{ file string }

const latest = 3

func NewDatabase(options *Options) *Database { return &Database{options.DB} }

func (d *Database) Version() (int, error) {
	text, err := os.ReadFile(d.file)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	return len(text), err
}

func (d *Database) Upgrade(version int) error {
	return os.WriteFile(d.file, bytes.Repeat([]byte("|"), version), 0o600)
}

// Migration ends by itself. If a signal ends it before, the exit code says so.
type Migration struct {
	background.BackgroundService
	options  *Options
	database *Database
	log      *zap.Logger
}

func NewMigration(options *Options, database *Database, log *zap.Logger) *Migration {
	return &Migration{options: options, database: database, log: log}
}

func (m *Migration) ExecuteAsync(ctx context.Context) error {
	version, err := m.database.Version()
	for ; err == nil && version < latest; err = m.database.Upgrade(version) {
		version++
		m.log.Info("migrating", zap.Int("version", version))
		select {
		case <-time.After(m.options.Pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return err
}

// Server serves once the database is up to date.
type Server struct {
	background.BackgroundService
	server   *http.Server
	database *Database
}

func NewServer(options *Options, database *Database) *Server {
	return &Server{server: &http.Server{Addr: options.Address, ReadHeaderTimeout: 5 * time.Second}, database: database}
}

func (s *Server) StartAsync(ctx context.Context) error {
	if version, err := s.database.Version(); err != nil || version < latest {
		return errors.Join(err, fmt.Errorf("%s has version %d, want %d: run shop migrate", s.database.file, version, latest))
	}
	return s.BackgroundService.StartAsync(ctx)
}

func (s *Server) ExecuteAsync(context.Context) error {
	if err := s.server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (s *Server) StopAsync(ctx context.Context) error {
	return errors.Join(s.server.Shutdown(ctx), s.BackgroundService.StopAsync(ctx))
}
