package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
	release "helm.sh/helm/v4/pkg/release/v1"
)

const notesFile = "NOTES.txt"

type request struct {
	ChartDigest string         `json:"chartDigest"`
	Values      map[string]any `json:"values"`
	Release     struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"release"`
	Capabilities struct {
		Kubernetes  string   `json:"kubernetes"`
		APIVersions []string `json:"apiVersions"`
	} `json:"capabilities"`
}

type manifest struct {
	Path       string          `json:"path"`
	YAML       string          `json:"yaml"`
	Kind       string          `json:"kind"`
	APIVersion string          `json:"apiVersion"`
	Name       string          `json:"name"`
	Object     json.RawMessage `json:"object"`
}

type hook struct {
	Path           string                     `json:"path"`
	YAML           string                     `json:"yaml"`
	Kind           string                     `json:"kind"`
	Name           string                     `json:"name"`
	Events         []release.HookEvent        `json:"events"`
	Weight         int                        `json:"weight"`
	DeletePolicies []release.HookDeletePolicy `json:"deletePolicies"`
	Object         json.RawMessage            `json:"object"`
}

type crd struct {
	Path    string            `json:"path"`
	YAML    string            `json:"yaml"`
	Objects []json.RawMessage `json:"objects"`
}

type result struct {
	ChartMissing bool       `json:"chartMissing,omitempty"`
	CRDs         []crd      `json:"crds"`
	Manifests    []manifest `json:"manifests"`
	Hooks        []hook     `json:"hooks"`
	Notes        string     `json:"notes"`
}

// renderChart follows `helm template` step by step: pkg/cmd/install.go (runInstall), pkg/action/install.go
// (RunWithContext) and pkg/action/action.go (renderResources), which cannot be linked here because they bring along
// the Kubernetes client.
func renderChart(ask request, said *warnings) (*result, error) {
	chrt, err := charts.take(ask.ChartDigest, said)
	if err != nil {
		return nil, err
	}
	if chrt == nil {
		return &result{ChartMissing: true}, nil
	}
	capabilities, err := capabilitiesOf(ask)
	if err != nil {
		return nil, err
	}
	if err := checkInstallable(chrt); err != nil {
		return nil, err
	}
	if err := chartutil.ValidateReleaseName(ask.Release.Name); err != nil {
		return nil, fmt.Errorf("release name check failed: %w", fmt.Errorf("release name %q: %w", ask.Release.Name, err))
	}
	values := ask.Values
	if values == nil {
		values = map[string]any{}
	}
	if err := chartutil.ProcessDependencies(chrt, values); err != nil {
		return nil, fmt.Errorf("chart dependencies processing failed: %w", err)
	}
	options := common.ReleaseOptions{
		Name: ask.Release.Name, Namespace: ask.Release.Namespace, Revision: 1, IsInstall: true,
	}
	top, err := util.ToRenderValuesWithSchemaValidation(chrt, values, options, capabilities, false)
	if err != nil {
		return nil, err
	}
	if chrt.Metadata.KubeVersion != "" &&
		!chartutil.IsCompatibleRange(chrt.Metadata.KubeVersion, capabilities.KubeVersion.String()) {
		return nil, fmt.Errorf("chart requires kubeVersion: %s which is incompatible with Kubernetes %s",
			chrt.Metadata.KubeVersion, capabilities.KubeVersion.Version)
	}
	return renderResources(chrt, top)
}

// capabilitiesOf is `--kube-version` and `--api-versions`: the latter are added to those that Helm knows itself.
func capabilitiesOf(ask request) (*common.Capabilities, error) {
	capabilities := common.DefaultCapabilities.Copy()
	if text := ask.Capabilities.Kubernetes; text != "" {
		version, err := common.ParseKubeVersion(text)
		if err != nil {
			return nil, fmt.Errorf("invalid kube version '%s': %w", text, err)
		}
		capabilities.KubeVersion = *version
	}
	known := append(common.VersionSet{}, capabilities.APIVersions...)
	capabilities.APIVersions = append(known, ask.Capabilities.APIVersions...)
	return capabilities, nil
}

func checkInstallable(chrt *chart.Chart) error {
	if kind := chrt.Metadata.Type; kind != "" && kind != "application" {
		return fmt.Errorf("%s charts are not installable", kind)
	}
	present := map[string]bool{}
	for _, child := range chrt.Dependencies() {
		present[child.Name()] = true
	}
	var missing []string
	for _, wanted := range chrt.Metadata.Dependencies {
		if !present[wanted.Name] {
			missing = append(missing, wanted.Name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("an error occurred while checking for chart dependencies. "+
			"You may need to run 'helm dependency build' to fetch missing dependencies: "+
			"found in Chart.yaml, but missing in charts/ directory: %s", strings.Join(missing, ", "))
	}
	return nil
}

func renderResources(chrt *chart.Chart, values common.Values) (*result, error) {
	machine := engine.Engine{CustomTemplateFuncs: seededFuncs()}
	files, err := machine.RenderWithContext(context.Background(), chrt, values)
	if err != nil {
		return nil, err
	}
	notes := files[path.Join(chrt.Name(), "templates", notesFile)]
	for name := range files {
		if strings.HasSuffix(name, notesFile) {
			delete(files, name)
		}
	}
	hooks, manifests, err := sortedDocuments(files)
	if err != nil {
		return nil, err
	}
	out := &result{CRDs: []crd{}, Manifests: []manifest{}, Hooks: []hook{}, Notes: notes}
	if out.CRDs, err = crdsOf(chrt); err != nil {
		return nil, err
	}
	for _, m := range manifests {
		read, err := readDocument(m.Name, m.Content)
		if err != nil {
			return nil, err
		}
		item := manifest{Path: m.Name, YAML: m.Content, Kind: m.Head.Kind, APIVersion: m.Head.Version, Object: read.object}
		if m.Head.Metadata != nil {
			item.Name = m.Head.Metadata.Name
		}
		out.Manifests = append(out.Manifests, item)
	}
	for _, h := range hooks {
		read, err := readDocument(h.Path, h.Manifest)
		if err != nil {
			return nil, err
		}
		out.Hooks = append(out.Hooks, hook{
			Path: h.Path, YAML: h.Manifest, Kind: h.Kind, Name: h.Name,
			Events: h.Events, Weight: h.Weight, DeletePolicies: h.DeletePolicies, Object: read.object,
		})
	}
	return out, nil
}

func crdsOf(chrt *chart.Chart) ([]crd, error) {
	list := []crd{}
	for _, found := range chrt.CRDObjects() {
		item := crd{Path: found.Filename, YAML: string(found.File.Data), Objects: []json.RawMessage{}}
		for _, text := range splitDocuments(item.YAML) {
			read, err := readDocument(item.Path, text)
			if err != nil {
				return nil, err
			}
			if string(read.object) != "null" {
				item.Objects = append(item.Objects, read.object)
			}
		}
		list = append(list, item)
	}
	return list, nil
}
