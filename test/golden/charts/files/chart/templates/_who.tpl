{{- define "almanac.who" -}}
{{ (first .Chart.Maintainers).Name }} <{{ (index .Chart.Maintainers 0).Email }}>
{{- end -}}
