using System.Text;

namespace Gatehouse.Server.Configuration;

/// <summary>Prints the table of settings: as help, and as docs/configuration.md (a test keeps the two equal).</summary>
internal static class SettingsHelp
{
    internal static string ForTerminal()
    {
        var text = new StringBuilder("""
            Runs the hub. Without settings it starts at once, keeps its state in the data directory and prints a connection string.

            Usage: gatehouse up [--name value]…

            Each setting can stand on the command line, in the environment (GATEHOUSE_MQTT_PORT for --mqtt-port) or in the
            JSON file that --config names; the first of these that names it wins.


            """);
        foreach (var setting in Settings.All)
        {
            text.Append("  --").Append(setting.Name).Append(setting.IsFlag ? "" : " …").AppendLine(setting.IsRepeatable ? "   (may be repeated)" : "")
                .Append("      ").AppendLine(setting.Meaning)
                .Append("      Allowed: ").Append(setting.Allowed).Append(". Default: ").Append(setting.Default).AppendLine(".");
        }

        return text.AppendLine().AppendLine("Example: gatehouse up --data /var/lib/gatehouse --host-name hub.example.com").ToString();
    }

    internal static string ForDocumentation()
    {
        var text = new StringBuilder("""
            # Configuration

            Printed from the table in `src/Gatehouse.Server/Configuration/Settings.cs`; a test keeps this page equal to it
            (`gatehouse up --help-markdown > docs/configuration.md` renews it).

            Each setting can stand on the command line (`--mqtt-port 8883`), in the environment (`GATEHOUSE_MQTT_PORT`; lists with
            commas) or in the JSON file that `--config` names (`{"mqtt-port": 8883}`); the first of these that names it wins. A wrong
            value stops the start with one line that names the setting, the value and what is allowed. Durations carry a unit: `s`,
            `m`, `h`, `d`.

            | setting | meaning | allowed | default |
            |---|---|---|---|

            """);
        foreach (var setting in Settings.All)
        {
            text.Append("| `").Append(setting.Name).Append(setting.IsRepeatable ? "` (list) | " : "` | ").Append(setting.Meaning).Append(" | ")
                .Append(setting.Allowed).Append(" | ").Append(setting.Default).AppendLine(" |");
        }

        return text.ToString();
    }
}
