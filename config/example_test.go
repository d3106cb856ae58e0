package config_test

import (
	"fmt"
	"time"

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
