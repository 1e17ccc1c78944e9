package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"sort"
	"testing/fstest"

	"github.com/mitchellh/copystructure"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/ignore"
	"sigs.k8s.io/yaml"
)

const (
	maxCharts     = 64
	maxChartBytes = 48 << 20
)

type chartHead struct {
	Digest string `json:"digest"`
	Files  []struct {
		Path string `json:"path"`
		Size int    `json:"size"`
	} `json:"files"`
}

type warmChart struct {
	digest string
	chart  *chart.Chart
	size   int
	said   []string
}

// warmCharts are parsed charts, the last used one last.
type warmCharts struct{ list []warmChart }

var charts warmCharts

func (c *warmCharts) load(head chartHead, data []byte, said *warnings) error {
	tree := fstest.MapFS{}
	at := 0
	for _, file := range head.Files {
		tree[file.Path] = &fstest.MapFile{Data: bytes.Clone(data[at : at+file.Size]), Mode: 0o644}
		at += file.Size
	}
	loaded, err := readChart(tree)
	if err != nil {
		return err
	}
	c.list = append(c.list, warmChart{digest: head.Digest, chart: loaded, size: len(data), said: said.lines})
	for size := c.size(); len(c.list) > 1 && (len(c.list) > maxCharts || size > maxChartBytes); size = c.size() {
		c.list = append([]warmChart{}, c.list[1:]...)
	}
	return nil
}

func (c *warmCharts) size() (sum int) {
	for _, warm := range c.list {
		sum += warm.size
	}
	return sum
}

// take gives a copy of a kept chart, because processing its dependencies changes it, and repeats what loading it said.
func (c *warmCharts) take(digest string, said *warnings) (*chart.Chart, error) {
	for i, warm := range c.list {
		if warm.digest == digest {
			c.list = append(append(c.list[:i:i], c.list[i+1:]...), warm)
			said.lines = append(said.lines, warm.said...)
			return copyChart(warm.chart)
		}
	}
	return nil, nil
}

// readChart does what Helm's loader does with a folder: Chart.yaml's apiVersion first, then .helmignore and byte order marks.
func readChart(tree fstest.MapFS) (*chart.Chart, error) {
	head, ok := tree["Chart.yaml"]
	if !ok {
		return nil, errors.New("Chart.yaml file is missing") //nolint:staticcheck // Helm's own words
	}
	var version struct {
		APIVersion string `json:"apiVersion"`
	}
	if err := yaml.Unmarshal(head.Data, &version); err != nil {
		return nil, fmt.Errorf("cannot load Chart.yaml: %w", err)
	}
	switch version.APIVersion {
	case chart.APIVersionV1, chart.APIVersionV2, "":
	case "v3":
		return nil, errors.New("invalid chart apiVersion")
	default:
		return nil, errors.New("unsupported chart version")
	}
	files, err := keptFiles(tree)
	if err != nil {
		return nil, err
	}
	loaded, err := loader.LoadFiles(files)
	if err != nil {
		return nil, err
	}
	sortDependencies(loaded)
	return loaded, nil
}

func keptFiles(tree fstest.MapFS) (files []*archive.BufferedFile, err error) {
	rules := ignore.Empty()
	if file, ok := tree[ignore.HelmIgnore]; ok {
		if rules, err = ignore.Parse(bytes.NewReader(file.Data)); err != nil {
			return nil, err
		}
	}
	rules.AddDefaults()
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		switch ignored := rules.Ignore(name, info); {
		case ignored && entry.IsDir():
			return fs.SkipDir
		case !ignored && !entry.IsDir():
			data := bytes.TrimPrefix(tree[name].Data, []byte("\xEF\xBB\xBF"))
			files = append(files, &archive.BufferedFile{Name: name, Data: data})
		}
		return nil
	})
	return files, err
}

// sortDependencies undoes the order of the map in which the loader gathers subcharts.
func sortDependencies(parent *chart.Chart) {
	children := append([]*chart.Chart{}, parent.Dependencies()...)
	sort.SliceStable(children, func(i, j int) bool { return children[i].Name() < children[j].Name() })
	parent.SetDependencies(children...)
	for _, child := range children {
		sortDependencies(child)
	}
}

func copyChart(from *chart.Chart) (*chart.Chart, error) {
	metadata, err := copystructure.Copy(from.Metadata)
	if err != nil {
		return nil, err
	}
	to := *from
	to.Metadata = metadata.(*chart.Metadata)
	to.Values, _ = copyValue(from.Values).(map[string]any)
	children := make([]*chart.Chart, 0, len(from.Dependencies()))
	for _, child := range from.Dependencies() {
		copied, err := copyChart(child)
		if err != nil {
			return nil, err
		}
		children = append(children, copied)
	}
	to.SetDependencies(children...)
	return &to, nil
}

func copyValue(from any) any {
	switch value := from.(type) {
	case map[string]any:
		if value == nil {
			return value
		}
		to := make(map[string]any, len(value))
		for key, item := range value {
			to[key] = copyValue(item)
		}
		return to
	case []any:
		to := make([]any, len(value))
		for i, item := range value {
			to[i] = copyValue(item)
		}
		return to
	}
	return from
}
