// Renders templates with Go's own engine, and the functions that consul-template adds and pgmoor uses, as its manual
// defines them. A JSON array of cases on stdin, one of results on stdout.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"text/template"
)

type instance struct {
	Address string
	Port    int
}

type testCase struct {
	Template string
	Secrets  map[string]map[string]any
	Services map[string][]instance
	Env      map[string]string
}

type result struct {
	Output  string
	Error   string
	Waiting []string // dependencies that were not there: consul-template would not write the file yet
}

type secret struct{ Data map[string]any }

func render(c testCase) (r result) {
	waiting := func(what string) { r.Waiting = append(r.Waiting, what) }
	functions := template.FuncMap{
		"secret": func(path string) *secret {
			if data, ok := c.Secrets[path]; ok {
				return &secret{Data: map[string]any{"data": data}}
			}
			waiting("secret " + path)
			return nil
		},
		"service": func(name string) []instance { return c.Services[name] },
		"key": func(name string) string {
			waiting("key " + name)
			return ""
		},
		"env": func(name string) string { return c.Env[name] },
		"toJSON": func(v any) (string, error) {
			text, err := json.Marshal(v)
			return string(bytes.TrimSpace(text)), err
		},
		"replaceAll": func(from, to, in string) string { return strings.ReplaceAll(in, from, to) },
		"regexReplaceAll": func(pattern, to, in string) (string, error) {
			compiled, err := regexp.Compile(pattern)
			if err != nil {
				return "", err
			}
			return compiled.ReplaceAllString(in, to), nil
		},
	}
	parsed, err := template.New("case").Option("missingkey=error").Funcs(functions).Parse(c.Template)
	if err != nil {
		r.Error = err.Error()
		return
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, nil); err != nil {
		r.Error = err.Error()
		return
	}
	r.Output = out.String()
	return
}

func main() {
	var cases []testCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	results := make([]result, len(cases))
	for i, c := range cases {
		results[i] = render(c)
	}
	json.NewEncoder(os.Stdout).Encode(results)
}
