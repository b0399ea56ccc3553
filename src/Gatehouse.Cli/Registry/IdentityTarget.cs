using System.CommandLine;
using Gatehouse.Cli.Connecting;
using Gatehouse.Contracts.Identities;

namespace Gatehouse.Cli.Registry;

/// <summary>The arguments that name a device or a module, and what follows from them.</summary>
internal sealed class IdentityTarget
{
    private readonly Argument<string> device = new("device") { Description = "Device id." };
    private readonly Argument<string> module = new("module") { Description = "Module id." };

    internal IdentityTarget(bool isModule)
    {
        IsModule = isModule;
        if (isModule)
        {
            device.Description = "Id of the device that the module is on.";
        }
    }

    internal bool IsModule { get; }

    /// <summary>What it is called in sentences.</summary>
    internal string Kind => IsModule ? "module" : "device";

    internal IEnumerable<Symbol> Symbols => IsModule ? [device, module] : [device];

    internal Symbol DeviceArgument => device;

    /// <exception cref="CliException">Not ids.</exception>
    internal IdentityKey Of(Call call)
    {
        var key = new IdentityKey(Device(call));
        return !IsModule ? key
            : ModuleId.TryParse(call.Value(module), out var id) ? key with { Module = id }
            : throw NoId("module", call.Value(module));
    }

    internal DeviceId Device(Call call) => DeviceId.TryParse(call.Value(device), out var id) ? id : throw NoId("device", call.Value(device));

    internal static HubPath Path(IdentityKey key) =>
        key.Module is { } module ? HubPath.Service("devices", key.Device.Value, "modules", module.Value) : HubPath.Service("devices", key.Device.Value);

    private static CliException NoId(string kind, string text) =>
        CliException.Usage($"'{text}' is no {kind} id: 1–128 letters, digits and - . + % _ # * ? ! ( ) , : = @ $ ' ; are allowed.");
}
