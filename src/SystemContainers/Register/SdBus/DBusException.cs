namespace SystemContainers.Register.SdBus;

/// <summary>A D-Bus call failed: an error reply with its name, or the connection itself.</summary>
/// <param name="call">What was called.</param>
/// <param name="errorName">Such as <c>org.freedesktop.systemd1.NoSuchUnit</c>; empty for a failed connection.</param>
/// <param name="errorMessage">For people.</param>
sealed class DBusException(string call, string errorName, string errorMessage)
    : Exception($"{call}: {errorMessage}")
{
    public string ErrorName => errorName;

    public string ErrorMessage => errorMessage;
}
