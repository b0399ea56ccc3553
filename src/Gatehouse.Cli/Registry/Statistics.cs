using System.CommandLine;
using System.Text.Json.Nodes;
using Gatehouse.Cli.Connecting;

namespace Gatehouse.Cli.Registry;

/// <summary><c>statistics</c>: how many devices there are and how many are connected.</summary>
internal static class Statistics
{
    internal static Command Command(Shell shell) => shell.Command("statistics", "Counts devices.", ["gatehouse statistics"], [], async call =>
    {
        var registry = await call.Hub.GetAsync(HubPath.Service("statistics", "devices"), call.Cancellation);
        var service = await call.Hub.GetAsync(HubPath.Service("statistics", "service"), call.Cancellation);
        var answer = new JsonObject
        {
            ["totalDeviceCount"] = (long)registry["totalDeviceCount"]!,
            ["enabledDeviceCount"] = (long)registry["enabledDeviceCount"]!,
            ["disabledDeviceCount"] = (long)registry["disabledDeviceCount"]!,
            ["connectedDeviceCount"] = (long)service["connectedDeviceCount"]!,
        };
        return call.Answer(answer, terminal => terminal.Facts(
            ("devices", answer["totalDeviceCount"]!.ToString()), ("enabled", answer["enabledDeviceCount"]!.ToString()),
            ("disabled", answer["disabledDeviceCount"]!.ToString()), ("connected", answer["connectedDeviceCount"]!.ToString())));
    });
}
