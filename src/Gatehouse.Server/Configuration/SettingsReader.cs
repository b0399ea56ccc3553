using System.Collections;
using System.Text.Json;

namespace Gatehouse.Server.Configuration;

/// <summary>Reads the settings from the command line, then the environment, then the settings file; the first that names a setting wins.</summary>
internal static class SettingsReader
{
    internal const string FileSetting = "config";

    /// <summary>Fills <paramref name="options"/>; returns one line per mistake, each naming the setting, the value and what is allowed.</summary>
    internal static IReadOnlyList<string> Read(IReadOnlyList<string> arguments, IDictionary environment, ServerOptions options)
    {
        var errors = new List<string>();
        var given = new Dictionary<string, List<(string Value, string Source)>>(StringComparer.Ordinal);
        ReadArguments(arguments, given, errors);
        ReadEnvironment(environment, given);
        if (given.Remove(FileSetting, out var file))
        {
            ReadFile(file[^1].Value, given, errors);
        }

        foreach (var setting in Settings.All)
        {
            if (!given.Remove(setting.Name, out var values))
            {
                continue;
            }

            if (values.Count > 1 && !setting.IsRepeatable)
            {
                errors.Add($"{values[1].Source}: given more than once; give it once.");
                continue;
            }

            foreach (var (value, source) in values)
            {
                if (setting.Apply(options, value) is { } problem)
                {
                    var shown = setting.IsSensitive ? "the value" : $"'{value}'";
                    errors.Add($"{source}: {shown} {problem}; allowed: {setting.Allowed}.");
                }
            }
        }

        errors.AddRange(given.Select(unknown => $"{unknown.Value[0].Source}: there is no such setting; see 'gatehouse up --help'."));
        return errors;
    }

    private static void ReadArguments(IReadOnlyList<string> arguments, Dictionary<string, List<(string Value, string Source)>> given, List<string> errors)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                errors.Add($"'{argument}': settings start with two dashes; see 'gatehouse up --help'.");
                continue;
            }

            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? argument[2..] : argument[2..equals];
            var isFlag = Settings.All.Any(setting => setting.Name == name && setting.IsFlag);
            string value;
            if (equals >= 0)
            {
                value = argument[(equals + 1)..];
            }
            else if (isFlag)
            {
                value = "true";
            }
            else if (i + 1 < arguments.Count)
            {
                value = arguments[++i];
            }
            else
            {
                errors.Add($"--{name}: the value is missing.");
                continue;
            }

            Add(given, name, value, $"--{name}");
        }
    }

    private static void ReadEnvironment(IDictionary environment, Dictionary<string, List<(string Value, string Source)>> given)
    {
        foreach (var setting in Settings.All.Where(setting => !given.ContainsKey(setting.Name)))
        {
            if (environment[setting.EnvironmentName] is string { Length: > 0 } text)
            {
                foreach (var value in setting.IsRepeatable ? text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [text])
                {
                    Add(given, setting.Name, value, setting.EnvironmentName);
                }
            }
        }
    }

    private static void ReadFile(string path, Dictionary<string, List<(string Value, string Source)>> given, List<string> errors)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                errors.Add($"--{FileSetting}: '{path}' must hold one JSON object of settings.");
                return;
            }

            var named = given.Keys.ToHashSet(StringComparer.Ordinal);
            foreach (var property in document.RootElement.EnumerateObject().Where(property => !named.Contains(property.Name)))
            {
                var source = $"{path}: \"{property.Name}\"";
                foreach (var element in property.Value.ValueKind == JsonValueKind.Array ? property.Value.EnumerateArray().ToArray() : [property.Value])
                {
                    if (element.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null)
                    {
                        errors.Add($"{source}: a text, number, true, false or a list of them is expected.");
                        continue;
                    }

                    Add(given, property.Name, element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText(), source);
                }
            }
        }
        catch (JsonException error)
        {
            errors.Add($"--{FileSetting}: '{path}' is not JSON: line {error.LineNumber + 1}, byte {error.BytePositionInLine}.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            errors.Add($"--{FileSetting}: '{path}' cannot be read: {error.Message}");
        }
    }

    private static void Add(Dictionary<string, List<(string Value, string Source)>> given, string name, string value, string source)
    {
        if (!given.TryGetValue(name, out var values))
        {
            given[name] = values = [];
        }

        values.Add((value, source));
    }
}
