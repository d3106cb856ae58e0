package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
)

// Sources in order, the last wins per key; a filled struct carries the defaults.
func Example() {
	settings, err := config.New(
		config.Map(map[string]any{"Worker": map[string]any{"Interval": "5s", "Retries": 3}}),
		config.Environment("", []string{"WORKER__RETRIES=7"}),
		config.CommandLine([]string{"--Worker:Verbose"}),
	)
	if err != nil {
		fmt.Println(err)
		return
	}

	worker := struct {
		Interval time.Duration
		Retries  int
		Verbose  bool
		Folder   string
	}{Folder: "spool"}
	if err := settings.Bind("Worker", &worker); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v\n", worker)
	// Output: {Interval:5s Retries:7 Verbose:true Folder:spool}
}

// Every problem is reported at once, with key, value, source and rule.
func ExampleManager_Bind_errors() {
	settings, _ := config.New(
		config.Map(map[string]any{"Worker": map[string]any{"Interval": 30, "Ordr": "size"}}),
		config.Environment("", []string{"WORKER__PASSWORD=hunter2"}),
	)
	var worker struct {
		Interval time.Duration
		Order    string
		Password int
	}
	fmt.Println(settings.Bind("Worker", &worker))
	// Output:
	// config: Worker:Interval: 30: duration needs a unit, such as "5s" (memory)
	// config: Worker:Ordr: unknown key (memory); did you mean "Order"?
	// config: Worker:PASSWORD: ***: want an integer (environment)
}

// Get returns text, as .NET's indexer does; Children lists what is below a key.
func ExampleManager_Get() {
	settings, _ := config.New(config.Map(map[string]any{
		"Logging": map[string]any{"LogLevel": map[string]any{"Default": "Information", "orders": "Debug"}},
	}))
	level, ok := settings.Get("logging:loglevel:default")
	fmt.Println(level, ok, settings.Exists("Tracing"))
	fmt.Println(settings.Children("Logging:LogLevel"))
	// Output:
	// Information true false
	// [Default orders]
}

// A source of one's own is a function with a name.
func ExampleFunc() {
	vault := config.Func("vault", func() (map[string]any, error) {
		return map[string]any{"Db:User": "orders"}, nil
	})
	settings, _ := config.New(vault)
	fmt.Println(settings.Get("Db:User"))
	// Output: orders true
}

type WorkerOptions struct {
	Interval time.Duration
	Folder   string
}

func (o *WorkerOptions) Validate() error {
	if o.Interval <= 0 {
		return &config.KeyError{Key: "Interval", Err: errors.New("must be more than zero")}
	}
	return nil
}

type RetryOptions struct{ Times int }

// Constructors take the options; a section may lie within another one.
func ExampleConfigure() {
	settings, err := config.New(config.Map(map[string]any{
		"Worker": map[string]any{"Interval": "5s", "Retry": map[string]any{"Times": 3}},
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	app := fx.New(fx.NopLogger, fx.Supply(settings),
		config.Configure("Worker", config.Default(WorkerOptions{Folder: "inbox"})),
		config.Configure("Worker:Retry", config.Required[RetryOptions]()),
		fx.Invoke(func(worker *WorkerOptions, retry *RetryOptions) {
			fmt.Printf("%+v %+v\n", *worker, *retry)
		}),
	)
	fmt.Println(app.Err())
	// Output:
	// {Interval:5s Folder:inbox} {Times:3}
	// <nil>
}

// Two sections of one type; what ForName has is for one of them.
func ExampleConfigureNamed() {
	settings, err := config.New(config.Map(map[string]any{"Jobs:Import:Interval": "1h", "Jobs:Export:Folder": "out"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	sections := map[string]string{"import": "Jobs:Import", "export": "Jobs:Export"}
	fx.New(fx.NopLogger, fx.Supply(settings),
		config.ConfigureNamed(sections,
			config.Default(WorkerOptions{Interval: time.Minute}),
			config.ForName("import", config.Default(WorkerOptions{Folder: "in"}))),
		fx.Invoke(func(options *config.Monitor[WorkerOptions]) {
			for _, name := range []string{"import", "export"} {
				o, _ := options.Get(name)
				fmt.Printf("%s %+v\n", name, *o)
			}
		}),
	)
	// Output:
	// import {Interval:1h0m0s Folder:in}
	// export {Interval:1m0s Folder:out}
}

// A Monitor follows the settings: Current is what they are now.
func ExampleMonitor_OnChange() {
	settings, _ := config.New(config.Map(map[string]any{"Worker:Interval": "5s"}))
	options, err := config.NewMonitor[WorkerOptions](settings, "Worker")
	if err != nil {
		fmt.Println(err)
		return
	}
	stop := options.OnChange(func(old, current *WorkerOptions) {
		fmt.Println(old.Interval, "is now", current.Interval)
	})
	defer stop()
	if err := settings.Add(config.Map(map[string]any{"Worker:Interval": "7s"})); err != nil {
		fmt.Println(err)
	}
	fmt.Println(settings.Add(config.Map(map[string]any{"Worker:Interval": "0s"})))
	fmt.Println(options.Current().Interval)
	// Output:
	// 5s is now 7s
	// config: Worker:Interval: "0s": must be more than zero (memory)
	// 7s
}

// What nothing has read is probably misspelt.
func ExampleManager_Unread() {
	settings, _ := config.New(config.CommandLine([]string{"--Wroker:Interval=5s"}))
	var worker WorkerOptions
	if err := settings.Bind("Worker", &worker); err != nil {
		fmt.Println(err)
	}
	given, _ := settings.Unread()
	fmt.Println(given[0])
	// Output: config: Wroker:Interval: nothing in the program reads this setting (command line); did you mean "Worker:Interval"?
}

// The values of another Manager, such as one that a library has loaded.
func ExampleChain() {
	defaults, _ := config.New(config.Map(map[string]any{"Worker": map[string]any{"Interval": "5s", "Folder": "in"}}))
	settings, _ := config.New(config.Chain(defaults), config.Map(map[string]any{"Worker:Folder": "inbox"}))
	fmt.Print(settings.DebugView())
	// Output:
	// Worker:Folder = "inbox" (memory)
	// Worker:Interval = "5s" (memory)
}

// A flag's name is its key, unless a switch gives it another one. Flags that were not
// given hide nothing.
func ExampleFlags() {
	flags := pflag.NewFlagSet("worker", pflag.ContinueOnError)
	flags.Duration("every", time.Hour, "time between two runs")
	flags.Int("Worker:Retries", 1, "how often a run is tried again")
	if err := flags.Parse([]string{"--every=10s"}); err != nil {
		fmt.Println(err)
		return
	}

	settings, err := config.New(
		config.Map(map[string]any{"Worker": map[string]any{"Interval": "5s", "Retries": 3}}),
		config.Flags(flags, config.Switches(map[string]string{"--every": "Worker:Interval"})),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(settings.DebugView())
	// Output:
	// Worker:Interval = "10s" (command line)
	// Worker:Retries = 3 (memory)
}

// Relative paths of files start from the base path.
func ExampleManager_SetBasePath() {
	folder, err := os.MkdirTemp("", "settings")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := os.WriteFile(filepath.Join(folder, "shop.yaml"), []byte("Shop: {Currency: EUR}"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	var settings config.Manager
	settings.SetBasePath(folder)
	if err := settings.Add(config.File("shop.yaml"), config.OptionalFile("more.yaml")); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(settings.Get("Shop:Currency"))
	fmt.Println(len(settings.Files()))
	// Output:
	// EUR true
	// 1
}

// KeyPerFile reads a directory such as a mounted secret: a file is a key.
func ExampleKeyPerFile() {
	folder, err := os.MkdirTemp("", "secrets")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if err := os.WriteFile(filepath.Join(folder, "Db__Password"), []byte("hunter2"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	settings, err := config.New(config.KeyPerFile(folder))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(settings.Get("Db:Password"))
	// Output: hunter2 true
}

// Viper is for code that takes one.
func ExampleManager_Viper() {
	settings, _ := config.New(config.Map(map[string]any{"Shop": map[string]any{"Currency": "EUR"}}))
	fmt.Println(settings.Viper().GetString("Shop:Currency"))
	// Output: EUR
}
