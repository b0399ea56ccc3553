using Gatehouse.Contracts.Identities;

namespace Gatehouse.Provisioning.Allocation;

/// <summary>A hub that a provisioning service may assign devices to.</summary>
/// <param name="HostName">What devices are told.</param>
/// <param name="Hub">The hub of this server behind it.</param>
/// <param name="Weight">Share under the hashed policy, 1–1000.</param>
/// <param name="Applies">False: only for enrollments that name it.</param>
internal sealed record LinkedHub(string HostName, HubName Hub, int Weight, bool Applies)
{
    internal const int DefaultWeight = 1;
}
