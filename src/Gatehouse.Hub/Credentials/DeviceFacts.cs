using Gatehouse.Contracts.Credentials;
using Gatehouse.Contracts.Identities;
using Gatehouse.Hub.Registry;

namespace Gatehouse.Hub.Credentials;

/// <summary>A device with all its modules, as the authenticator needs them. One read, one cache entry, forgotten together.</summary>
internal sealed class DeviceFacts
{
    /// <summary>No such device.</summary>
    internal static readonly DeviceFacts Unknown = new(null, []);

    private readonly IdentityCredentials? device;
    private readonly Dictionary<string, IdentityCredentials> modules;

    private DeviceFacts(IdentityCredentials? device, Dictionary<string, IdentityCredentials> modules) => (this.device, this.modules) = (device, modules);

    internal bool IsKnown => device is not null;

    internal static DeviceFacts Of(HubName hub, IReadOnlyList<IdentityRow> rows)
    {
        if (rows.FirstOrDefault(row => !row.IsModule) is not { } device)
        {
            return Unknown;
        }

        var isEnabled = device.IsDisabled == 0;
        var networks = device.Networks is null ? null : NetworkRanges.FromStored(device.Networks);
        return new DeviceFacts(
            Read(hub, device, isEnabled, networks),
            rows.Where(row => row.IsModule).ToDictionary(row => row.ModuleId, row => Read(hub, row, isEnabled, networks), StringComparer.Ordinal));
    }

    internal IdentityCredentials? Find(IdentityKey identity) => identity.Module is { } module ? modules.GetValueOrDefault(module.Value) : device;

    private static IdentityCredentials Read(HubName hub, IdentityRow row, bool isEnabled, NetworkRanges? networks) => new()
    {
        Identity = row.Key,
        Kind = row.Kind,
        IsEnabled = isEnabled,
        GenerationId = row.GenerationId,
        PrimaryKey = row.Primary.In(hub),
        SecondaryKey = row.Secondary.In(hub),
        KeyBinding = row.BindingIn(hub),
        PrimaryThumbprint = row.PrimaryThumbprint,
        SecondaryThumbprint = row.SecondaryThumbprint,
        Networks = networks,
    };
}
