namespace Gatehouse.Hub.Methods;

/// <summary>A session whose device takes methods; one for each protocol.</summary>
public interface IMethodTarget
{
    /// <summary>Sends the request to the device. Must neither block nor throw. False: too much waits for this device already.</summary>
    bool TryInvoke(in MethodRequest request);

    /// <summary>A newer session of the same identity takes the methods now: end this one, or at least its methods. Must neither block nor throw.</summary>
    void Displace();
}
